import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { carryDatabaseProperties, commentOf } from './database-properties';
import {
  listSideDatabases,
  RestoreStateError,
  setMark,
  shapeOf,
  sideDatabaseName,
  type SideDatabase,
} from './side-database';

export interface SwapResult {
  /** The database that was live until now, kept under this name. Undefined when there was none any more. */
  readonly retired: SideDatabase | undefined;
  /** How many sessions were ended to free the names. */
  readonly terminated: number;
  /** How long clients could not connect, milliseconds. */
  readonly interruptionMilliseconds: number;
  /** Grants and settings of the live database that could not be given to the new one: statements, with reasons. */
  readonly notCarried: readonly string[];
}

/**
 * Puts a verified database in the live one's place and keeps the live one for undo. Both renames happen in
 * one transaction, so that a kill leaves either the old arrangement or the new one. `ALTER DATABASE … RENAME`
 * wants nobody connected: newcomers are kept out first (`ALLOW_CONNECTIONS false` on the live one), then the
 * sessions that are there are ended.
 * https://www.postgresql.org/docs/17/sql-alterdatabase.html
 *
 * @param maintenance connected to another database of the same server, such as `postgres`
 * @throws RestoreStateError when the database is not `verified`
 */
export async function swapIn(maintenance: Client, verified: SideDatabase, now: Date): Promise<SwapResult> {
  if (verified.mark.state !== 'verified') {
    throw new RestoreStateError(
      `database "${verified.name}" is ${verified.mark.state}, not verified: restore it again before the swap`,
    );
  }
  const { live, restoreId } = verified.mark;
  if (!(await shapeOf(maintenance, live))) return await takeEmptyPlace(maintenance, verified);
  // Before the door is closed: nobody uses the new one yet, and so the door is closed for no longer than before.
  const notCarried = await carryDatabaseProperties(maintenance, { from: live, to: verified.name });
  const exchanged = await exchange(maintenance, {
    live,
    incoming: verified,
    outgoingName: sideDatabaseName(live, 'before', restoreId),
    outgoingState: 'retired',
    comment: await commentOf(maintenance, live),
    now,
  });
  return { ...exchanged, notCarried };
}

/**
 * Takes a swap back: the database that was live before it returns, and what the restore brought is set aside
 * in its place. Done again, it changes nothing more.
 *
 * @throws RestoreStateError when no retired database of that restore is there
 */
export async function undoSwap(
  maintenance: Client,
  live: string,
  restoreId: string,
  now: Date,
): Promise<SwapResult | 'already-undone'> {
  const sides = (await listSideDatabases(maintenance, live)).filter(
    ({ mark }) => mark.restoreId === restoreId,
  );
  if (sides.some(({ mark }) => mark.state === 'undone')) return 'already-undone';
  const retired = sides.find(({ mark }) => mark.state === 'retired');
  if (!retired) {
    throw new RestoreStateError(
      `restore ${restoreId} left no database to go back to: restore the safety backup that it took first`,
    );
  }
  // It kept its own grants and settings.
  const exchanged = await exchange(maintenance, {
    live,
    incoming: retired,
    outgoingName: sideDatabaseName(live, 'restore', restoreId),
    outgoingState: 'undone',
    comment: retired.mark.comment,
    now,
  });
  return { ...exchanged, notCarried: [] };
}

/** Lets clients in again after a swap that was killed between closing the door and the renames. */
export async function reopen(maintenance: Client, live: string): Promise<void> {
  await maintenance.query(`ALTER DATABASE ${escapeIdentifier(live)} ALLOW_CONNECTIONS true`);
}

/** Of a database that was dropped. */
const LOST_PROPERTIES =
  'grants, settings and connection limit of the dropped database: those of the time of the dump stand in its fingerprint, under globals';

/** Nobody is connected to a database that is not there, so there is nobody to turn away. */
async function takeEmptyPlace(maintenance: Client, incoming: SideDatabase): Promise<SwapResult> {
  const terminated = await endSessions(maintenance, [incoming.name]);
  const name = escapeIdentifier(incoming.mark.live);
  await maintenance.query('BEGIN');
  try {
    await maintenance.query(`ALTER DATABASE ${escapeIdentifier(incoming.name)} RENAME TO ${name}`);
    await maintenance.query(`COMMENT ON DATABASE ${name} IS NULL`);
    await maintenance.query('COMMIT');
  } catch (error) {
    await maintenance.query('ROLLBACK');
    throw error;
  }
  return { retired: undefined, terminated, interruptionMilliseconds: 0, notCarried: [LOST_PROPERTIES] };
}

interface Exchange {
  readonly live: string;
  readonly incoming: SideDatabase;
  readonly outgoingName: string;
  readonly outgoingState: 'retired' | 'undone';
  /** What stands at the live database, and will stand at the one that takes its place. */
  readonly comment: string | undefined;
  readonly now: Date;
}

async function exchange(maintenance: Client, plan: Exchange): Promise<Omit<SwapResult, 'notCarried'>> {
  const { live, incoming, outgoingName } = plan;
  const liveName = escapeIdentifier(live);
  const began = process.hrtime.bigint();
  // Outside the transaction, so that it is visible to those who come; `reopen` is its undo.
  await maintenance.query(`ALTER DATABASE ${liveName} ALLOW_CONNECTIONS false`);
  try {
    const terminated = await endSessions(maintenance, [live, incoming.name]);
    await maintenance.query('BEGIN');
    try {
      await maintenance.query(`ALTER DATABASE ${liveName} RENAME TO ${escapeIdentifier(outgoingName)}`);
      await maintenance.query(`ALTER DATABASE ${escapeIdentifier(incoming.name)} RENAME TO ${liveName}`);
      await maintenance.query(`ALTER DATABASE ${liveName} ALLOW_CONNECTIONS true`);
      await maintenance.query(`ALTER DATABASE ${escapeIdentifier(outgoingName)} ALLOW_CONNECTIONS true`);
      await maintenance.query(
        `COMMENT ON DATABASE ${liveName} IS ${plan.comment === undefined ? 'NULL' : escapeLiteral(plan.comment)}`,
      );
      const retired = await setMark(maintenance, outgoingName, {
        ...incoming.mark,
        ...(plan.comment !== undefined && { comment: plan.comment }),
        state: plan.outgoingState,
        since: plan.now.toISOString(),
      });
      await maintenance.query('COMMIT');
      return {
        retired,
        terminated,
        interruptionMilliseconds: Number((process.hrtime.bigint() - began) / 1_000_000n),
      };
    } catch (error) {
      await maintenance.query('ROLLBACK');
      throw error;
    }
  } catch (error) {
    await reopen(maintenance, live);
    throw error;
  }
}

/** Ends every session on the databases and returns once they are gone. */
async function endSessions(maintenance: Client, databases: readonly string[]): Promise<number> {
  // With a time-out, pg_terminate_backend waits for the backend to be gone (PostgreSQL 14 on).
  const { rows } = await maintenance.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
      WHERE datname = ANY($1) AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'`,
    [databases],
  );
  if (rows.some(({ ended }) => !ended)) {
    throw new RestoreStateError(
      'a session on the live database did not end within 5 s: stop the client that holds it, then try again',
    );
  }
  return rows.length;
}
