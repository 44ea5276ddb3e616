import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
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
  const text = await parameterText(ssm, environment);
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
  const text = await parameterText(ssm, environment);
  if (text === undefined) return undefined;
  const parsed = WithVault.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data.vaultBucket;
  throw writtenByAnother(environment);
}

/** Undefined when there is no such parameter. */
async function parameterText(ssm: SSMClient, environment: string): Promise<string | undefined> {
  const parameter = operationsParameterName(environment);
  try {
    const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: parameter }));
    return found?.Value ?? '';
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return undefined;
    throw new EnvironmentNotFoundError(
      `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
      { cause: error },
    );
  }
}

function writtenByAnother(environment: string): EnvironmentNotFoundError {
  return new EnvironmentNotFoundError(
    `parameter ${operationsParameterName(environment)} was written by another version of GoLive; use the one that is deployed, or deploy the Backup stack`,
  );
}
