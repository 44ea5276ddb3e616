import { parseArgs } from 'node:util';
import { loadEnvironments } from '../../lib/config';
import { runProgram } from './program';
import { deliveryPlans } from './plan';

/**
 * Prints, as a job's outputs, the names of the environments that this repository delivers and what their jobs must know:
 *
 *     npm run --silent delivery:plan -- --repository "$GITHUB_REPOSITORY" >> "$GITHUB_OUTPUT"
 */
runProgram(() => {
  const { values } = parseArgs({ options: { repository: { type: 'string' } } });
  const plans = deliveryPlans(loadEnvironments(), values.repository ?? '');
  console.log(`names=${JSON.stringify(plans.map(({ environment }) => environment))}`);
  console.log(`plans=${JSON.stringify(Object.fromEntries(plans.map((plan) => [plan.environment, plan])))}`);
  return Promise.resolve();
});
