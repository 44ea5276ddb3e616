import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError, saidBy } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { SecretsOperations, secretsParameterName } from './operations';

/** The environment's secrets are not deployed here, or these credentials may not see what they are. */
export class SecretsNotFoundError extends GoLiveError {
  readonly code = 'SecretsNotFoundError';
}

/**
 * Reads what the Secrets stack wrote.
 *
 * @throws SecretsNotFoundError
 */
export async function readSecretsOperations(ssm: SSMClient, environment: string): Promise<SecretsOperations> {
  const parameter = secretsParameterName(environment);
  const value = await ssm.send(new GetParameterCommand({ Name: parameter })).then(
    ({ Parameter: found }) => found?.Value,
    (error: unknown) => {
      throw new SecretsNotFoundError(
        (error as Error).name === 'ParameterNotFound'
          ? `the secrets of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Secrets stack`
          : `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
        { cause: error },
      );
    },
  );
  const parsed = SecretsOperations.safeParse(jsonOrUndefined(value ?? ''));
  if (parsed.success) return parsed.data;
  throw new SecretsNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Secrets stack`,
  );
}
