import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { readParameter } from '../shared/parameter';
import { SentryOperations, sentryParameterName } from './operations';

/** The environment has no rules for Sentry here, or these credentials may not see them. */
export class SentryRulesNotFoundError extends GoLiveError {
  readonly code = 'SentryRulesNotFoundError';
}

/**
 * Reads what the Alerting stack wrote.
 *
 * @throws SentryRulesNotFoundError
 */
export async function readSentryOperations(ssm: SSMClient, environment: string): Promise<SentryOperations> {
  const operations = await readParameter(ssm, {
    parameter: sentryParameterName(environment),
    stack: 'Alerting',
    schema: SentryOperations,
    unreadable: (message, options) => new SentryRulesNotFoundError(message, options),
  });
  if (operations) return operations;
  throw new SentryRulesNotFoundError(
    `"${environment}" has no rules for Sentry in this account and region: set "sentryRules" in its file of lib/config and deploy its Alerting stack, or look at --env, AWS_PROFILE and AWS_REGION`,
  );
}
