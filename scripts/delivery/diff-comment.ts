import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderComment } from '../../core/delivery/comment';
import { GitHub } from '../../core/delivery/github/client';
import { loadEnvironments } from '../../lib/config';
import { compareAll } from './compare';
import { deliveryPlans } from './plan';
import { publishComment, verdictOf } from './publish-comment';
import { runProgram } from './program';
import { loadSpecification } from './specification';

/**
 * Compares what a pull request synthesised with what is deployed, keeps one comment up to date with it, and fails while it
 * would lose data that nobody accepted:
 *
 *     npm run --silent diff:comment -- --assembly cdk.out --deployed deployed --pull-request 7
 *
 * Without `--pull-request` it prints the comment and needs neither GitHub nor a token. Exit codes: 0, 1 for data that would
 * be lost, 2 when something could not be compared.
 */
runProgram(async () => {
  const { values } = parseArgs({
    options: {
      assembly: { type: 'string', default: 'cdk.out' },
      deployed: { type: 'string', default: 'deployed' },
      'pull-request': { type: 'string' },
      commit: { type: 'string', default: 'working copy' },
      repository: { type: 'string' },
    },
  });
  const configs = loadEnvironments().filter(({ delivery }) => delivery);
  const repository = values.repository ?? configs[0]?.delivery?.repository ?? '';
  const { GITHUB_SERVER_URL, GITHUB_RUN_ID, GITHUB_STEP_SUMMARY, GITHUB_API_URL, GITHUB_TOKEN } = process.env;
  const compared = compareAll({
    assembly: values.assembly,
    deployed: values.deployed,
    environments: deliveryPlans(configs, repository).map(({ environment }) => environment),
    spec: loadSpecification(),
  });
  const input = {
    ...compared,
    commit: values.commit,
    detailsUrl: GITHUB_RUN_ID && `${GITHUB_SERVER_URL}/${repository}/actions/runs/${GITHUB_RUN_ID}`,
  };
  const pullRequest = values['pull-request'];
  if (pullRequest === undefined) {
    console.log(renderComment({ ...input, acceptance: 'none' }));
    return verdictOf({ ...input, acceptance: 'none' }).exitCode;
  }
  const github = new GitHub({
    apiUrl: GITHUB_API_URL ?? 'https://api.github.com',
    token: GITHUB_TOKEN ?? '',
    repository,
  });
  const { summary, verdict, exitCode } = await publishComment(github, Number(pullRequest), input);
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, `${summary}\n`);
  console.log(verdict);
  return exitCode;
});
