import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { parameterText } from '../shared/parameter';
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
  const parameter = sentryParameterName(environment);
  const text = await parameterText(
    ssm,
    parameter,
    (message, options) => new SentryRulesNotFoundError(message, options),
  );
  if (text === undefined) {
    throw new SentryRulesNotFoundError(
      `"${environment}" has no rules for Sentry in this account and region: set "sentryRules" in its file of lib/config and deploy its Alerting stack, or look at --env, AWS_PROFILE and AWS_REGION`,
    );
  }
  const parsed = SentryOperations.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new SentryRulesNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Alerting stack`,
  );
}
