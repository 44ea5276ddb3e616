import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError, saidBy } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { Operations, operationsParameterName } from './operations';

/** The environment is not deployed here, or these credentials may not see it. */
export class EnvironmentNotFoundError extends GoLiveError {
  readonly code = 'EnvironmentNotFoundError';
}

/**
 * Reads what the Backup stack wrote.
 *
 * @throws EnvironmentNotFoundError
 */
export async function readOperations(ssm: SSMClient, environment: string): Promise<Operations> {
  const parameter = operationsParameterName(environment);
  const value = await ssm.send(new GetParameterCommand({ Name: parameter })).then(
    ({ Parameter: found }) => found?.Value,
    (error: unknown) => {
      throw new EnvironmentNotFoundError(
        (error as Error).name === 'ParameterNotFound'
          ? `there is no environment "${environment}" in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Backup stack`
          : `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
        { cause: error },
      );
    },
  );
  const parsed = Operations.safeParse(jsonOrUndefined(value ?? ''));
  if (parsed.success) return parsed.data;
  throw new EnvironmentNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Backup stack`,
  );
}
