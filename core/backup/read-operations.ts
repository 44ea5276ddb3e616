import type { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { GoLiveError } from '../shared/errors';
import { readParameter } from '../shared/parameter';
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
  const operations = await read(ssm, environment, Operations);
  if (operations) return operations;
  throw new EnvironmentNotFoundError(
    `there is no environment "${environment}" in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Backup stack`,
  );
}

/** Of everything that was written, and will be. */
const WithVault = z.object({ vaultBucket: Operations.shape.vaultBucket });

/**
 * Where the vault is, for who is deployed before the Backup stack: the rest may be of another version.
 *
 * @returns undefined while there is no Backup stack
 * @throws EnvironmentNotFoundError when it cannot be known
 */
export async function readVaultBucket(ssm: SSMClient, environment: string): Promise<string | undefined> {
  return (await read(ssm, environment, WithVault))?.vaultBucket;
}

/** Undefined when there is no such parameter. */
function read<Schema extends z.ZodType>(
  ssm: SSMClient,
  environment: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  return readParameter(ssm, {
    parameter: operationsParameterName(environment),
    stack: 'Backup',
    schema,
    unreadable: (message, options) => new EnvironmentNotFoundError(message, options),
  });
}
