import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { readParameter } from '../shared/parameter';
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
  const operations = await readParameter(ssm, {
    parameter: secretsParameterName(environment),
    stack: 'Secrets',
    schema: SecretsOperations,
    unreadable: (message, options) => new SecretsNotFoundError(message, options),
  });
  if (operations) return operations;
  throw new SecretsNotFoundError(
    `the secrets of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Secrets stack`,
  );
}
