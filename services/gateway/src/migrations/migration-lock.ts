import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { MIGRATION_LOCK } from '../../../../core/postgres/migration-lock';
import { MigrationLockedError } from './errors';

/** A dump holds the lock for as long as it reads; large ones take long. */
const WAIT_MS = 10 * 60_000;
const LOOK_EVERY_MS = 250;

/**
 * Runs `work` while nobody else migrates and nobody dumps. It asks again and again instead of waiting in the server:
 * a session that waits there holds a snapshot, and `CREATE INDEX CONCURRENTLY` would wait for that one in turn.
 *
 * @throws MigrationLockedError, or what `work` throws
 */
export async function withMigrationLock<T>(
  client: ClientBase,
  work: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  const { classId, objectId } = MIGRATION_LOCK;
  const deadline = performance.now() + waitMs;
  while (!(await tryLock(client))) {
    if (performance.now() >= deadline) {
      throw new MigrationLockedError(
        `another migration, or a dump, has held its lock for ${Math.round(waitMs / 1000)} s; try again when it is through: its session holds advisory lock (${classId}, ${objectId}) in pg_locks`,
      );
    }
    await delay(LOOK_EVERY_MS);
  }
  try {
    return await work();
  } finally {
    // A connection that is gone has let go of it already.
    await client
      .query('SELECT pg_catalog.pg_advisory_unlock($1, $2)', [classId, objectId])
      .catch(() => undefined);
  }
}

async function tryLock(client: ClientBase): Promise<boolean> {
  const { classId, objectId } = MIGRATION_LOCK;
  const { rows } = await client.query<{ held: boolean }>(
    'SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS held',
    [classId, objectId],
  );
  return rows[0]?.held === true;
}
