import type { Client } from 'pg';
import { BootstrapBusyError } from './errors';

/** Beside `MIGRATION_LOCK`, as the two arguments of `pg_advisory_lock`. */
const BOOTSTRAP_LOCK = { classId: 0x601d, objectId: 2 } as const;

/** Also for the locks that the statements take on tables. */
const LOCK_TIMEOUT_MS = 30_000;

/**
 * Holds the database's bootstrap lock while `work` runs: CloudFormation may deliver an event twice, and two stacks may
 * deploy. It goes with the session.
 *
 * @throws BootstrapBusyError, or what `work` throws
 */
export async function withBootstrapLock<T>(
  session: Client,
  database: string,
  work: () => Promise<T>,
): Promise<T> {
  const { classId, objectId } = BOOTSTRAP_LOCK;
  await session.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    await session.query('SELECT pg_catalog.pg_advisory_lock($1, $2)', [classId, objectId]);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new BootstrapBusyError(
      `another session has been making the roles of database "${database}" for ${LOCK_TIMEOUT_MS / 1000} s; wait for it and deploy again, or end it: it holds advisory lock (${classId}, ${objectId}) in pg_locks`,
      { cause: error },
    );
  }
  try {
    return await work();
  } finally {
    // A connection that is gone holds no lock.
    await session
      .query('SELECT pg_catalog.pg_advisory_unlock($1, $2)', [classId, objectId])
      .catch(() => undefined);
  }
}
