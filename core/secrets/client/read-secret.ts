import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type GetSecretValueCommandOutput,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import type { SecretDefinition } from './definition';
import { SecretInvalidError, SecretUnavailableError } from './errors';
import { SecretValue } from './sensitive';

export interface ReadSecret {
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  /** The short name, for messages. */
  readonly name: string;
  readonly definition: SecretDefinition;
  readonly stage: 'AWSCURRENT' | 'AWSPENDING';
  /** The value as it is known: the same version needs no parsing, and stays the same object. */
  readonly known: SecretValue<unknown> | undefined;
  readonly timeoutMs: number;
}

/**
 * Reads one version of a secret and checks it against its schema.
 *
 * @returns undefined when no version carries the stage
 * @throws SecretUnavailableError, SecretInvalidError
 */
export async function readSecret(request: ReadSecret): Promise<SecretValue<unknown> | undefined> {
  const { name, definition, known } = request;
  const output = await sendInTime(request);
  if (!output) return undefined;
  const { VersionId: version, SecretString: text, CreatedDate: createdAt } = output;
  if (version === undefined) {
    throw unavailable(
      name,
      definition.id,
      'the answer names no version; look what stands before the service',
    );
  }
  // A version never changes once it has a value.
  if (known?.version === version) return known;
  return new SecretValue(parseSecret(name, definition, text), version, createdAt);
}

/**
 * The value in a secret's text.
 *
 * @throws SecretInvalidError, which names fields and says what was expected there, never what is there: neither a
 *   schema's own messages nor a JSON parser's can be trusted with that.
 */
export function parseSecret(name: string, definition: SecretDefinition, text: string | undefined): unknown {
  const { schema, format = 'json', id } = definition;
  const parsed = parseWith(schema, format === 'text' ? text : jsonOrUndefined(text));
  if (parsed?.success) return parsed.data;
  const problems = parsed?.error.issues.map(describeIssue).join(', ') ?? 'a rule of the schema threw';
  throw new SecretInvalidError(
    `${called(name, id)} is not what its schema says: ${problems}; put a corrected value, or roll it back with \`golive secrets rollback\``,
  );
}

/** Undefined when a rule of the schema threw: what it threw may quote the value. */
function parseWith(schema: z.ZodType, input: unknown): z.ZodSafeParseResult<unknown> | undefined {
  try {
    return schema.safeParse(input);
  } catch {
    return undefined;
  }
}

async function sendInTime(request: ReadSecret): Promise<GetSecretValueCommandOutput | undefined> {
  const { secretsManager, name, definition, stage, timeoutMs } = request;
  const command = new GetSecretValueCommand({ SecretId: definition.id, VersionStage: stage });
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), timeoutMs);
  try {
    return await secretsManager.send(command, { abortSignal: abort.signal });
  } catch (error) {
    if (stage === 'AWSPENDING' && error instanceof ResourceNotFoundException) return undefined;
    // An answer that was cut short ends in a SyntaxError that quotes it.
    const isSafe = !(error instanceof SyntaxError);
    const said = abort.signal.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : isSafe
        ? saidBy(error)
        : 'the answer could not be understood';
    throw unavailable(
      name,
      definition.id,
      `${said}; allow the role secretsmanager:GetSecretValue on it and kms:Decrypt on its key, and see that Secrets Manager can be reached`,
      isSafe ? error : undefined,
    );
  } finally {
    clearTimeout(timeout);
  }
}

/** `secret "database" (arn:…)` */
export function called(name: string, id: string | undefined): string {
  return `secret "${name}"${id === undefined ? '' : ` (${id})`}`;
}

function unavailable(
  name: string,
  id: string | undefined,
  why: string,
  cause?: unknown,
): SecretUnavailableError {
  return new SecretUnavailableError(`${called(name, id)} could not be read: ${why}`, {
    retryable: true,
    ...(cause !== undefined && { cause }),
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.') || 'it';
  const expected = 'expected' in issue ? ` (${String(issue.expected)} expected)` : '';
  return `${field}: ${issue.code ?? 'invalid'}${expected}`;
}
