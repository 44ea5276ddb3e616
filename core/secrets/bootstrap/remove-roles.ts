import { escapeIdentifier, type Client } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { withBootstrapLock } from './lock';
import { readState, type RolesState } from './state';

export interface RemoveRoles {
  /** The database, as the master. */
  readonly connect: PostgresEndpoint;
  readonly owner: string;
  readonly backupUsername: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RemovedRoles {
  readonly changes: readonly string[];
  /** What stays, and why. */
  readonly notes: readonly string[];
}

const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Takes back what a bootstrap made, and no data: logins that nothing depends on are dropped, the others lose the right
 * to log in; a session that is open stays until it ends. The owner goes last, and only when it owns nothing.
 * What is not there is no failure, so that it may run again.
 *
 * @throws BootstrapBusyError, the errors of `withSession`, what the server says, or the signal's reason
 */
export async function removeRoles(removal: RemoveRoles): Promise<RemovedRoles> {
  const { connect, owner, backupUsername, signal } = removal;
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return await withSession(connect, 'golive-bootstrap', limits, (session) =>
    withBootstrapLock(session, connect.database, async () => {
      const state = await readState(session);
      const changes: string[] = [];
      const notes: string[] = [];
      for (const login of [...loginsOf(state, owner), backupUsername]) {
        if (login === state.master || !state.roles.has(login)) continue;
        if (await dropIfUnused(session, connect.database, login)) changes.push(`dropped role "${login}"`);
        else {
          await session.query(`ALTER ROLE ${id(login)} NOLOGIN`);
          changes.push(`"${login}" may not log in any more`);
          notes.push(`role "${login}" stays, because objects or privileges in some database depend on it`);
        }
      }
      if (state.roles.has(owner)) {
        if (await dropIfUnused(session, connect.database, owner)) changes.push(`dropped role "${owner}"`);
        else notes.push(`role "${owner}" stays, with all that it owns`);
      }
      return { changes, notes };
    }),
  );
}

/** Both that alternate, whichever the secret names now. */
function loginsOf({ memberships, roles }: RolesState, owner: string): string[] {
  return memberships
    .filter(({ role, member }) => role === owner && roles.get(member)?.canLogin)
    .map(({ member }) => member);
}

/**
 * In a transaction, so that a role that stays keeps its privileges.
 *
 * @returns false when something depends on it, which is what PostgreSQL looks up in every database
 */
async function dropIfUnused(session: Client, database: string, role: string): Promise<boolean> {
  await session.query('BEGIN');
  try {
    await session.query(`REVOKE ALL ON DATABASE ${id(database)} FROM ${id(role)}`);
    const { rows } = await session.query(`SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'`);
    if (rows.length > 0) await session.query(`REVOKE ALL ON SCHEMA public FROM ${id(role)}`);
    await session.query(`DROP ROLE ${id(role)}`);
    await session.query('COMMIT');
    return true;
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined);
    // dependent_objects_still_exist
    if ((error as { code?: string }).code === '2BP01') return false;
    throw error;
  }
}

const id = escapeIdentifier;
