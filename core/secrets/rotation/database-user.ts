import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DatabaseError, type Client } from 'pg';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { withSession } from '../../postgres/session';
import { endpointOf, isSameHost, portOf, type RotatedDatabaseSecret } from './database-secret';
import { HostMismatchError } from './errors';
import type { PasswordRules } from './password';

/** What every rotation of a database user needs. */
export interface DatabaseRotationOptions {
  readonly secretsManager: SecretsManagerClient;
  /** PEM file of the certificate authorities to trust. */
  readonly caFile: string;
  readonly passwords?: PasswordRules | undefined;
  /** Ends a session with the database at once. */
  readonly signal?: AbortSignal | undefined;
  /** Lends a connection. @default - over verified TLS */
  readonly withSession?: typeof withSession | undefined;
}

/** What a user must be able to do before anybody is moved to it. */
export interface DatabaseAccess {
  /**
   * The role that owns what the product makes: every session of the user acts as it.
   * @default - for alternating users, whatever the current one's sessions act as
   */
  readonly ownerRole?: string | undefined;
  /** Whether the user must read every table and write none. @default false */
  readonly readOnly?: boolean | undefined;
}

/** Of one statement. None of ours takes long, unless another session holds a lock on the role. */
const STATEMENT_TIMEOUT_MS = 15_000;
const APPLICATION_NAME = 'golive-rotation';

/** Lends a connection as the user of a secret. */
export async function withUser<T>(
  options: DatabaseRotationOptions,
  secret: RotatedDatabaseSecret,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { caFile, signal, withSession: lend = withSession } = options;
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return await lend(endpointOf(secret, caFile), APPLICATION_NAME, limits, use);
}

/**
 * Whether the server accepts a secret's user and password. Only its refusal of them is a no.
 *
 * @throws what else is in the way, such as a network or a certificate
 */
export async function logsIn(
  options: DatabaseRotationOptions,
  secret: RotatedDatabaseSecret,
): Promise<boolean> {
  try {
    await withUser(options, secret, (client) => client.query('SELECT pg_catalog.now()'));
    return true;
  } catch (error) {
    if (error instanceof DatabaseAuthenticationError) return false;
    throw error;
  }
}

/** @throws HostMismatchError when a password would be shown to another server than the one it was made for */
export function refuseOtherHost(current: RotatedDatabaseSecret, pending: RotatedDatabaseSecret): void {
  if (isSameHost(current.host, pending.host) && portOf(current) === portOf(pending)) return;
  throw new HostMismatchError(
    `AWSCURRENT is of ${current.host}:${portOf(current)} and AWSPENDING of ${pending.host}:${portOf(pending)}; take the label AWSPENDING off its version with UpdateSecretVersionStage, then rotate again`,
  );
}

/**
 * Carries out everything or nothing, and commits once. As the user itself: sessions of some users act as an owner role
 * from the start, who may change no role.
 */
export async function inTransaction<T>(client: Client, run: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL ROLE NONE');
    const result = await run();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back already.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** What passes by itself: lost connections, resources, locks, shutdowns. */
const PASSING = /^(08|40|53|55|57|58|XX)/;

/**
 * Whether the server said no to a statement, and will again. A connection that broke, or a shutdown, is no refusal.
 * https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
export function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && !PASSING.test(error.code ?? '');
}
