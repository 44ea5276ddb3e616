import { parseArgs } from 'node:util';
import { ACCEPT_LABEL } from '../../core/delivery/comment';
import { DataLossError } from '../../core/delivery/errors';
import { GitHub } from '../../core/delivery/github/client';
import { acceptedFindings } from '../../core/delivery/github/pull-request';
import { loadEnvironments } from '../../lib/config';
import { readStacks } from './assembly';
import { awsCli } from './aws-cli';
import { cdkCli } from './cdk-cli';
import { deployEnvironment } from './deploy-environment';
import { deliveryPlans } from './plan';
import { REFUSED, runProgram } from './program';
import { readDeployed } from './read-deployed';
import { loadSpecification } from './specification';

/** A pull request older than this has been deployed, or is looked at again. */
const ACCEPTED_FOR_DAYS = 30;

/**
 * Deploys one environment from an assembly that has been synthesised, with the deploy role:
 *
 *     npm run --silent delivery:deploy -- --environment prod --assembly cdk.out --repository owner/name
 *
 * Findings in `--accept`, by their ids and separated by commas, may lose their data, and so may those that were accepted in
 * pull requests. Exit codes: 0, 1 for data that would be lost, 2 when it failed.
 */
runProgram(async () => {
  const { values } = parseArgs({
    options: {
      environment: { type: 'string', default: '' },
      assembly: { type: 'string', default: 'cdk.out' },
      repository: { type: 'string', default: '' },
      accept: { type: 'string', default: '' },
    },
  });
  const [plan] = deliveryPlans(loadEnvironments([values.environment]), values.repository);
  if (!plan)
    throw new Error(`${values.environment} has no delivery: give lib/config/${values.environment}.ts one`);
  const now = new Date();
  const github = new GitHub({
    apiUrl: process.env['GITHUB_API_URL'] ?? 'https://api.github.com',
    token: process.env['GITHUB_TOKEN'] ?? '',
    repository: values.repository,
  });
  const inPullRequests = await acceptedFindings(github, {
    label: ACCEPT_LABEL,
    branch: plan.branch,
    since: new Date(now.getTime() - ACCEPTED_FOR_DAYS * 86_400_000),
  });
  const byHand = new Set(values.accept.split(',').map((id) => id.trim()));
  try {
    await deployEnvironment({
      environment: plan.environment,
      assembly: values.assembly,
      stacks: readStacks(values.assembly, plan.environment),
      deployed: await readDeployed({
        environment: plan.environment,
        regions: plan.regions,
        aws: awsCli,
        now,
      }),
      spec: loadSpecification(),
      isAccepted: (id) => byHand.has(id) || inPullRequests.has(id),
      cdk: cdkCli,
      aws: awsCli,
      log: console.log,
    });
    return 0;
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    return REFUSED;
  }
});
