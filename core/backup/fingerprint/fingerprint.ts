import type { PostgresEndpoint } from '../../postgres/endpoint';
import {
  GLOBAL_QUERIES,
  SCHEMA_QUERIES,
  compactInventory,
  inventoryHash,
  takeInventory,
  type Inventory,
} from './inventory/inventory';
import type { InventoryQuery } from './inventory/query';
import {
  listsEach,
  planLargeObjects,
  runLargeObjectTask,
  summariseLargeObjects,
  type LargeObjectSums,
  type LargeObjectTask,
} from './large-objects';
import { addRowSums, NO_ROWS, type RowSums } from './row-hash';
import { readSequences, withLaterPositions } from './sequences';
import { describeServer } from './server';
import { SnapshotSession } from './session';
import { lockTables, planTables, runTableTask, summariseTables, type TableTask } from './tables';
import type { DatabaseFingerprint, FingerprintLimits, SequenceFingerprint } from './types';

export interface FingerprintOptions {
  /** A role that may read everything: with SELECT on all tables and sequences, and BYPASSRLS where there are policies. */
  readonly endpoint: PostgresEndpoint;
  /**
   * From `pg_export_snapshot()` in a session of the same database that stays in its transaction until we are
   * done, so that the fingerprint and a dump see the same instant.
   * @default a snapshot of our own
   */
  readonly snapshotId?: string;
  /**
   * Connections that read at the same time; each keeps about one core of the server busy.
   * @default 2
   */
  readonly concurrency?: number;
  readonly limits?: FingerprintLimits;
  /**
   * How long to wait for a table that a migration holds locked, milliseconds.
   * @default 60000
   */
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FingerprintProgress) => void;
}

export interface FingerprintProgress {
  /** Bytes of tables read so far, as they lie in the database; large objects are not among them. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Statements. */
  readonly doneTasks: number;
  readonly totalTasks: number;
}

type Task =
  | { readonly kind: 'table'; readonly task: TableTask }
  | { readonly kind: 'large objects'; readonly task: LargeObjectTask }
  | { readonly kind: 'inventory'; readonly query: InventoryQuery; readonly into: Inventory };

/**
 * Takes the fingerprint of a database: everything in one snapshot, computed by the server, so that only sums
 * travel. Works without superuser rights. Costs about as much CPU on the server as a dump without compression.
 *
 * @throws FingerprintForbiddenError, RowSecurityHidesRowsError: nothing is skipped because it cannot be read
 * @throws SnapshotGoneError, SchemaChangedError, FingerprintLockTimeoutError, LockTableFullError,
 *   DatabaseDamagedError, UnsupportedServerError, FingerprintAbortedError, FingerprintFailedError
 */
export async function fingerprintDatabase(options: FingerprintOptions): Promise<DatabaseFingerprint> {
  const { endpoint, limits = {}, concurrency = 2, lockTimeoutMs = 60_000 } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`expected a concurrency of 1 or more connections, got ${concurrency}`);
  }
  const takenAt = new Date();
  // One failure ends what the other connections are doing.
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const sessions: SnapshotSession[] = [];
  try {
    const leader = await SnapshotSession.open(endpoint, {
      snapshotId: options.snapshotId,
      lockTimeoutMs,
      signal,
    });
    sessions.push(leader);
    const described = await describeServer(leader);
    const tables = await lockTables(leader, limits);
    const sequences = await readSequences(leader);
    const largeObjects = await planLargeObjects(leader);

    const schema: Inventory = {};
    const globals: Inventory = {};
    const tasks: Task[] = [
      ...SCHEMA_QUERIES.map((query): Task => ({ kind: 'inventory', query, into: schema })),
      ...GLOBAL_QUERIES.map((query): Task => ({ kind: 'inventory', query, into: globals })),
      ...planTables(tables, limits).map((task): Task => ({ kind: 'table', task })),
      ...(limits.leaveOutLargeObjects ? [] : largeObjects.tasks).map((task): Task => ({
        kind: 'large objects',
        task,
      })),
    ];
    const tableSums = new Map<number, RowSums>();
    const largeObjectSums: LargeObjectSums[] = [];
    const run = async (session: SnapshotSession, task: Task): Promise<void> => {
      switch (task.kind) {
        case 'table': {
          const sums = await runTableTask(session, task.task);
          const { oid } = task.task.table;
          tableSums.set(oid, addRowSums(tableSums.get(oid) ?? NO_ROWS, sums));
          break;
        }
        case 'large objects':
          largeObjectSums.push(
            await runLargeObjectTask(session, task.task, listsEach(largeObjects.count, limits)),
          );
          break;
        case 'inventory':
          task.into[task.query.kind] = await takeInventory(session, task.query, limits);
      }
    };

    const progress = progressOf(tasks, options.onProgress);
    const queue = tasks.values();
    const work = async (session: SnapshotSession): Promise<void> => {
      for (const task of queue) {
        await run(session, task);
        progress(task);
      }
    };
    const helpers = Array.from({ length: concurrency - 1 }, async () => {
      const session = await SnapshotSession.open(endpoint, {
        snapshotId: leader.snapshotId,
        lockTimeoutMs,
        signal,
      });
      sessions.push(session);
      await work(session);
    });
    await allOrAbort([work(leader), ...helpers], failure);

    return {
      fingerprintVersion: 1,
      takenAt: takenAt.toISOString(),
      durationMs: Date.now() - takenAt.getTime(),
      ...described,
      tables: summariseTables(tables, tableSums, limits),
      sequences: withLaterPositions(sequences, await readSequences(leader)),
      largeObjects: limits.leaveOutLargeObjects
        ? { count: largeObjects.count, omitted: 'left-out-by-configuration' }
        : summariseLargeObjects(largeObjectSums, largeObjects.count, limits),
      schemaHash: inventoryHash(compactInventory(schema)),
      schema: compactInventory(schema),
      globals: compactInventory(globals),
    };
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

/**
 * Reads the sequences once more, so that the fingerprint covers where they stood until now. To be called when
 * the dump that ran beside the fingerprint has ended: it may have read them at any time until then.
 *
 * @param held a session from before the dump, if one is there: after a long dump the password may have been rotated,
 *   which only new connections notice. A new one is made when it is lost.
 * @throws as {@link fingerprintDatabase}
 */
export async function coverSequencesUntilNow(
  fingerprint: DatabaseFingerprint,
  endpoint: PostgresEndpoint,
  held?: SnapshotSession,
): Promise<DatabaseFingerprint> {
  const read = await (held && readSequences(held).catch(() => undefined));
  const sequences = withLaterPositions(fingerprint.sequences, read ?? (await readSequencesAnew(endpoint)));
  return { ...fingerprint, sequences };
}

async function readSequencesAnew(endpoint: PostgresEndpoint): Promise<SequenceFingerprint[]> {
  const session = await SnapshotSession.open(endpoint, { lockTimeoutMs: 60_000 });
  try {
    return await readSequences(session);
  } finally {
    await session.close();
  }
}

/** Waits for all; the first failure aborts the rest and is the one that is thrown. */
async function allOrAbort(work: readonly Promise<void>[], failure: AbortController): Promise<void> {
  let first: { error: unknown } | undefined;
  const watched = work.map((one) =>
    one.catch((error: unknown) => {
      first ??= { error };
      failure.abort(error);
    }),
  );
  await Promise.all(watched);
  if (first) throw first.error;
}

function progressOf(tasks: readonly Task[], report: FingerprintOptions['onProgress']): (task: Task) => void {
  const bytesOf = (task: Task): number => (task.kind === 'table' ? task.task.sizeBytes : 0);
  const totalBytes = Math.round(tasks.reduce((sum, task) => sum + bytesOf(task), 0));
  let bytes = 0;
  let doneTasks = 0;
  return (task) => {
    bytes += bytesOf(task);
    doneTasks += 1;
    report?.({ doneBytes: Math.round(bytes), totalBytes, doneTasks, totalTasks: tasks.length });
  };
}
