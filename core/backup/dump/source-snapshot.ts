import type { Client } from 'pg';
import { postgresClient, type PostgresEndpoint } from '../../postgres/endpoint';
import { hangUp } from '../../postgres/hang-up';
import { MIGRATION_LOCK } from '../../postgres/migration-lock';
import { saidBy } from '../../shared/errors';
import { SnapshotSession } from '../fingerprint/session';
import { MigrationRunningError, SnapshotNotHeldError } from './errors';

/** One instant of the database, held for whoever reads it: pg_dump and the fingerprint see the same rows. */
export interface SourceSnapshot {
  /** From `pg_export_snapshot()`. */
  readonly id: string;
  /** The connection that holds it, for what has to be read after a dump: it needs no password any more. */
  readonly session: SnapshotSession;
  /** Ends the transaction and the connection. Never throws. */
  release(): Promise<void>;
}

/**
 * Holds one snapshot in a transaction of its own, and shares the migration lock for as long. The lock comes
 * first: a snapshot from before a migration would meet tables from after it.
 * https://www.postgresql.org/docs/17/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
 *
 * @param waitMs how long to wait for a migration that is running, milliseconds
 * @throws MigrationRunningError, SnapshotNotHeldError, the signal's reason
 */
export async function holdSnapshot(
  endpoint: PostgresEndpoint,
  applicationName: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<SourceSnapshot> {
  const client = await postgresClient(endpoint, applicationName);
  // A connection that breaks ends the snapshot; who reads through it meanwhile is not disturbed.
  client.on('error', () => undefined);
  const leave = () => void hangUp(client);
  signal.addEventListener('abort', leave, { once: true });
  const release = async () => {
    signal.removeEventListener('abort', leave);
    await hangUp(client);
  };
  try {
    signal.throwIfAborted();
    await client.connect();
    const id = await exportSnapshot(client, waitMs);
    return { id, session: SnapshotSession.over(client, id), release };
  } catch (error) {
    await release();
    signal.throwIfAborted();
    if ((error as { code?: string }).code === '55P03') {
      throw new MigrationRunningError(
        `a migration has held its lock for ${Math.round(waitMs / 1000)} s; run the dump again when it is through, or end it: its session holds advisory lock (${MIGRATION_LOCK.classId}, ${MIGRATION_LOCK.objectId}) in pg_locks`,
        { cause: error },
      );
    }
    throw new SnapshotNotHeldError(
      `the snapshot that the dump would see could not be held: ${saidBy(error)}; see whether the server is up and has connections free, and run the dump again`,
      { cause: error },
    );
  }
}

async function exportSnapshot(client: Client, waitMs: number): Promise<string> {
  const { classId, objectId } = MIGRATION_LOCK;
  // Nothing may end a session that does nothing but hold its transaction open.
  await client.query(
    `SET lock_timeout = ${Math.ceil(waitMs)}; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`,
  );
  await client.query('SELECT pg_catalog.pg_advisory_lock_shared($1, $2)', [classId, objectId]);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
  return rows[0]!.id;
}
