import * as z from 'zod';
import { DatabaseSecret, type PostgresEndpoint } from '../../postgres/endpoint';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { withSession } from '../../postgres/session';
import { GoLiveError, saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import { PendingRightsError } from '../rotation/errors';
import { proveAccess, proveAlike } from '../rotation/prove-access';
import { RollbackRefusedError } from './errors';
import type { VersionValues } from './rollback-checks';
import { RUNBOOK, type OperatedSecret } from './secret';

const STATEMENT_TIMEOUT_MS = 10_000;

export interface DatabaseProofOptions {
  /** PEM file of the authorities to trust. */
  readonly caFile: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Logs in with the previous version's credentials, over TLS, and proves that this login may do all that the current
 * version's may, as a rotation does before it moves anybody. Of the current login only the name is used: its password
 * may be what is wrong.
 *
 * @returns what was proven, in words
 * @throws RollbackRefusedError
 */
export async function proveDatabaseLogin(
  secret: OperatedSecret,
  values: VersionValues,
  { caFile, signal }: DatabaseProofOptions,
): Promise<string> {
  const previous = DatabaseSecret.safeParse(jsonOrUndefined(values.previous));
  if (!previous.success) {
    throw new RollbackRefusedError(
      `the previous version of "${secret.name}" is no login of a database; rotate instead: golive secrets rotate ${secret.name}`,
    );
  }
  const { host, port, dbname: database = 'postgres', username: user, password } = previous.data;
  const endpoint: PostgresEndpoint = { host, port, database, user, password, caFile };
  const currentUser = Username.safeParse(jsonOrUndefined(values.current)).data?.username ?? user;
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  try {
    await withSession(endpoint, 'golive-secrets-rollback', limits, async (client) => {
      if (user !== currentUser) await proveAlike(client, currentUser, user, {});
      await proveAccess(client, user, { readOnly: secret.name === 'backup' });
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw refusal(secret, user, error);
  }
  return user === currentUser
    ? `role "${user}" logs in over TLS, and may do what it is for`
    : `role "${user}" logs in over TLS, and may do all that "${currentUser}" may`;
}

const Username = z.object({ username: z.string().min(1) });

/** Says what PostgreSQL said, which holds no password. */
function refusal({ name, kind }: OperatedSecret, user: string, error: unknown): RollbackRefusedError {
  const said = error instanceof GoLiveError ? error.message : saidBy(error);
  const cause = { cause: error };
  if (error instanceof DatabaseAuthenticationError) {
    const why =
      kind === 'single-user'
        ? 'a single login has one password, and the rotation changed it'
        : 'its password was changed since, or it may not log in any more';
    return new RollbackRefusedError(
      `the server refuses role "${user}" of the previous version of "${name}": ${why}; so there is no way back, and a rotation makes a new one: golive secrets rotate ${name}. ${RUNBOOK.rollback}`,
      cause,
    );
  }
  if (error instanceof PendingRightsError) {
    return new RollbackRefusedError(
      `the previous version of "${name}" logs in and would not do: ${said}. ${RUNBOOK.rollback}`,
      cause,
    );
  }
  return new RollbackRefusedError(
    `nobody can tell whether the previous version of "${name}" works (${said}); run it beside the database with --in-task, or through a tunnel`,
    cause,
  );
}
