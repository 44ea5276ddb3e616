import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { counted } from '../../core/shared/units';
import { loadEnvironments } from '../../lib/config';
import { awsCli } from './aws-cli';
import { readDeployed } from './read-deployed';
import { runProgram } from './program';

/**
 * Reads with the diff role what is deployed of an environment, for a job without one to compare:
 *
 *     npm run --silent delivery:deployed -- --environment prod --output deployed
 */
runProgram(async () => {
  const { values } = parseArgs({
    options: { environment: { type: 'string' }, output: { type: 'string', default: 'deployed' } },
  });
  const [config] = loadEnvironments([values.environment ?? '']);
  if (!config) return;
  const { name, region, disasterRecovery } = config;
  const deployed = await readDeployed({
    environment: name,
    regions: [region, ...(disasterRecovery ? [disasterRecovery.region] : [])],
    aws: awsCli,
    now: new Date(),
  });
  mkdirSync(values.output, { recursive: true });
  const file = join(values.output, `${name}.json`);
  writeFileSync(file, JSON.stringify(deployed));
  console.log(`${counted(deployed.stacks.length, 'stack')} of ${name} in ${file}`);
});
