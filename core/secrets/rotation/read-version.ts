import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { jsonOrUndefined } from '../../shared/json';
import { PendingNotUsableError, SecretMalformedError } from './errors';

export interface ReadVersion<S> {
  readonly secretsManager: SecretsManagerClient;
  readonly secretArn: string;
  readonly schema: z.ZodType<S>;
}

/** @throws SecretMalformedError, or what Secrets Manager says */
export async function readCurrent<S>(read: ReadVersion<S>): Promise<S> {
  const value = parse(read.schema, await textOf(read, { VersionStage: 'AWSCURRENT' }));
  if ('is' in value) return value.is;
  throw new SecretMalformedError(
    `AWSCURRENT of ${read.secretArn} is not what its rotation needs (${value.problems}); correct the secret, then rotate again`,
  );
}

/** @throws PendingNotUsableError, or what Secrets Manager says */
export async function readPending<S>(read: ReadVersion<S>, token: string): Promise<S>;
/** As above, and undefined when the version has no value yet. */
export async function readPending<S>(
  read: ReadVersion<S>,
  token: string,
  options: { readonly orAbsent: true },
): Promise<S | undefined>;
export async function readPending<S>(
  read: ReadVersion<S>,
  token: string,
  { orAbsent = false }: { readonly orAbsent?: boolean } = {},
): Promise<S | undefined> {
  const what = `AWSPENDING version ${token} of ${read.secretArn}`;
  // Both are said, so that another version's value is never taken for this one's.
  const text = await textOf(read, { VersionId: token, VersionStage: 'AWSPENDING' }).catch(
    (error: unknown) => {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    },
  );
  if (text === undefined) {
    if (orAbsent) return undefined;
    throw new PendingNotUsableError(
      `${what} has no value, as if its createSecret had never run; start the rotation again with RotateSecret`,
    );
  }
  const value = parse(read.schema, text);
  if ('is' in value) return value.is;
  throw new PendingNotUsableError(
    `${what} is not what its rotation needs (${value.problems}); take the label AWSPENDING off it with UpdateSecretVersionStage, then rotate again`,
  );
}

/** Undefined when there is none, or none that can be read and understood: only a help, and never a hindrance. */
export async function readPrevious<S>(read: ReadVersion<S>): Promise<S | undefined> {
  const text = await textOf(read, { VersionStage: 'AWSPREVIOUS' }).catch(() => undefined);
  const value = parse(read.schema, text);
  return 'is' in value ? value.is : undefined;
}

async function textOf(
  { secretsManager, secretArn }: Pick<ReadVersion<never>, 'secretsManager' | 'secretArn'>,
  version: { readonly VersionId?: string; readonly VersionStage: string },
): Promise<string | undefined> {
  const { SecretString } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretArn, ...version }),
  );
  return SecretString;
}

/** Problems name fields, never values. */
function parse<S>(
  schema: z.ZodType<S>,
  text: string | undefined,
): { readonly is: S } | { readonly problems: string } {
  const parsed = schema.safeParse(jsonOrUndefined(text));
  if (parsed.success) return { is: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  return { problems: problems.join('; ') };
}
