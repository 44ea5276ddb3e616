import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import { saidBy } from './errors';
import { jsonOrUndefined } from './json';

/** What one of our stacks wrote into a parameter of Systems Manager, as JSON. */
export interface WrittenParameter<Schema extends z.ZodType> {
  readonly parameter: string;
  /** `Backup` */
  readonly stack: string;
  readonly schema: Schema;
  /** Makes the error of whoever asks. */
  readonly unreadable: (message: string, options?: ErrorOptions) => Error;
}

/**
 * Reads what a stack wrote.
 *
 * @returns undefined when there is no such parameter
 * @throws what `unreadable` makes: it may not be read, or another version of GoLive wrote it
 */
export async function readParameter<Schema extends z.ZodType>(
  ssm: SSMClient,
  { parameter, stack, schema, unreadable }: WrittenParameter<Schema>,
): Promise<z.output<Schema> | undefined> {
  const text = await parameterText(ssm, parameter, unreadable);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw unreadable(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the ${stack} stack`,
  );
}

async function parameterText(
  ssm: SSMClient,
  parameter: string,
  unreadable: WrittenParameter<z.ZodType>['unreadable'],
): Promise<string | undefined> {
  try {
    const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: parameter }));
    return found?.Value ?? '';
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return undefined;
    throw unreadable(
      `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
      { cause: error },
    );
  }
}
