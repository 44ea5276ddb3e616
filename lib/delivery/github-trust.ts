import { WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { EnvironmentConfig } from '../config';
import { AUDIENCE, GITHUB_ISSUER } from './github-provider';

type Delivery = NonNullable<EnvironmentConfig['delivery']>;

/**
 * A pull request's workflow, whatever it does: who may push a branch writes the workflow too, so the role must be harmless
 * in anybody's hands who may. Not a fork's: GitHub gives its pull requests no token to write with, and so none of these,
 * unless an administrator sends write tokens to forks. The claim could not tell: it names the repository asked, not the
 * fork.
 */
export function pullRequestOf(providerArn: string, delivery: Delivery): WebIdentityPrincipal {
  return new WebIdentityPrincipal(providerArn, {
    StringEquals: { ...ofRepository(delivery), [claim('sub')]: subjects(delivery, 'pull_request') },
  });
}

/**
 * A job that passed the rules of the GitHub environment, on the branch that is deployed. Without the second any branch's
 * workflow could name the environment, and only GitHub's own settings would stand in its way.
 */
export function environmentOf(providerArn: string, delivery: Delivery): WebIdentityPrincipal {
  return new WebIdentityPrincipal(providerArn, {
    StringEquals: {
      ...ofRepository(delivery),
      [claim('sub')]: subjects(delivery, `environment:${delivery.githubEnvironment}`),
      [claim('ref')]: `refs/heads/${delivery.branch}`,
    },
  });
}

/**
 * `repository_id` is among the claims that STS reads; `repository_owner_id` is not, and asking for it would admit nobody.
 * `job_workflow_ref` is told of reusable workflows only, so a job of our own could not be asked for it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
function ofRepository({ ids }: Delivery): Record<string, string> {
  return { [claim('aud')]: AUDIENCE, ...(ids && { [claim('repository_id')]: ids.repository }) };
}

/**
 * Exact, never with a wildcard. With the numbers known, either form of subject will do, for `repository_id` tells that it
 * is this repository: so nothing breaks on the day the repository is opted in.
 */
function subjects({ repository, ids }: Delivery, context: string): string | string[] {
  const named = `repo:${repository}:${context}`;
  if (!ids) return named;
  const [owner, name] = repository.split('/');
  return [named, `repo:${owner}@${ids.owner}/${name}@${ids.repository}:${context}`];
}

function claim(name: string): string {
  return `${GITHUB_ISSUER}:${name}`;
}
