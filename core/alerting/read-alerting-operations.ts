import type { SSMClient } from '@aws-sdk/client-ssm';
import { jsonOrUndefined } from '../shared/json';
import { parameterText } from '../shared/parameter';
import { AlertingNotFoundError } from './errors';
import { AlertingOperations, alertingParameterName } from './operations';

/**
 * Reads what the Alerting stack wrote.
 *
 * @throws AlertingNotFoundError
 */
export async function readAlertingOperations(
  ssm: SSMClient,
  environment: string,
): Promise<AlertingOperations> {
  const parameter = alertingParameterName(environment);
  const text = await parameterText(
    ssm,
    parameter,
    (message, options) => new AlertingNotFoundError(message, options),
  );
  if (text === undefined) {
    throw new AlertingNotFoundError(
      `the routes of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Alerting stack`,
    );
  }
  const parsed = AlertingOperations.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new AlertingNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Alerting stack`,
  );
}
