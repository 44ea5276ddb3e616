import type { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { GoLiveError } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { parameterText } from '../shared/parameter';
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
  const text = await operationsText(ssm, environment);
  if (text === undefined) {
    throw new EnvironmentNotFoundError(
      `there is no environment "${environment}" in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Backup stack`,
    );
  }
  const parsed = Operations.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw writtenByAnother(environment);
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
  const text = await operationsText(ssm, environment);
  if (text === undefined) return undefined;
  const parsed = WithVault.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data.vaultBucket;
  throw writtenByAnother(environment);
}

/** Undefined when there is no such parameter. */
function operationsText(ssm: SSMClient, environment: string): Promise<string | undefined> {
  return parameterText(
    ssm,
    operationsParameterName(environment),
    (message, options) => new EnvironmentNotFoundError(message, options),
  );
}

function writtenByAnother(environment: string): EnvironmentNotFoundError {
  return new EnvironmentNotFoundError(
    `parameter ${operationsParameterName(environment)} was written by another version of GoLive; use the one that is deployed, or deploy the Backup stack`,
  );
}
