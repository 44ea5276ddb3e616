import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { parameterText } from '../shared/parameter';
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
  const text = await parameterText(
    ssm,
    parameter,
    (message, options) => new SecretsNotFoundError(message, options),
  );
  if (text === undefined) {
    throw new SecretsNotFoundError(
      `the secrets of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Secrets stack`,
    );
  }
  const parsed = SecretsOperations.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new SecretsNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Secrets stack`,
  );
}
