import type { SSMClient } from '@aws-sdk/client-ssm';
import { readParameter } from '../shared/parameter';
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
  const operations = await readParameter(ssm, {
    parameter: alertingParameterName(environment),
    stack: 'Alerting',
    schema: AlertingOperations,
    unreadable: (message, options) => new AlertingNotFoundError(message, options),
  });
  if (operations) return operations;
  throw new AlertingNotFoundError(
    `the routes of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Alerting stack`,
  );
}
