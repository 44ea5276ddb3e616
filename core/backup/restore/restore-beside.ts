import type { S3Client } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { readFingerprint } from '../dump/companions';
import { compareFingerprints, fingerprintDatabase, type DatabaseFingerprint } from '../fingerprint';
import { withLease } from '../lease';
import type { Manifest } from '../manifest';
import { RestoreDiffersError, RestoreNotProvableError, WrongEnvironmentError } from './errors';
import { restoreDump, type RestoreProgress } from './restore-dump';
import { requireServerDisk } from './server-disk';
import {
  createSideDatabase,
  dropSideDatabase,
  listSideDatabases,
  RestoreStateError,
  setMark,
  shapeOf,
  type DatabaseShape,
  type SideDatabase,
} from './side-database';
import { carryDatabaseGrants } from './database-properties';
import { reopen, swapIn, undoSwap, type SwapResult } from './swap';

/** The server that is restored on, and who holds the restore. */
export interface RestorePlace {
  readonly s3: S3Client;
  /** The vault: the lease that keeps a second restore out lies in it. */
  readonly bucket: string;
  /** The live database, and on RDS the master user, who is no superuser. It may have been dropped. */
  readonly live: PostgresEndpoint;
  /** Another database of the server, to stand in while databases are renamed. @default postgres */
  readonly maintenanceDatabase?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long a killed restore keeps the next one waiting. @default 60 */
  readonly leaseSeconds?: number | undefined;
  /** @default - the machine's */
  readonly now?: (() => Date) | undefined;
}

export interface RestoreBesideRequest extends RestorePlace {
  /** Of the backup to restore, as the catalogue gives it. */
  readonly manifest: Manifest;
  /** The environment that is restored in, such as `prod`. */
  readonly environment: string;
  /** Restores a backup of another environment all the same. @default false */
  readonly allowOtherEnvironment?: boolean | undefined;
  /** Takes the database that was restored though the backup has no fingerprint to prove it by. @default false */
  readonly allowUnproven?: boolean | undefined;
  /**
   * Saves what is live, before anything else is done. `skipped` is for a database that cannot be dumped any more,
   * and a decision of a person.
   */
  readonly safetyBackup: (() => Promise<unknown>) | 'skipped';
  /**
   * How much the server's disk holds in all, bytes; undefined when nobody can tell, as of a server outside of RDS.
   * @default - it is not looked at
   */
  readonly serverStorage?: (() => Promise<number | undefined>) | undefined;
  /** The PATH on which pg_restore is found. */
  readonly path: string;
  /** @default - as many as this machine has cores, and 2 at least */
  readonly jobs?: number | undefined;
  readonly temporaryFolder?: string | undefined;
  readonly onProgress?: ((progress: RestoreBesideProgress) => void) | undefined;
}

export type RestoreBesideProgress =
  | RestoreProgress
  | { readonly stage: 'safety-backup' | 'create' | 'analyse' | 'mark' }
  | { readonly stage: 'fingerprint'; readonly doneBytes: number; readonly totalBytes: number };

export interface RestoredBeside {
  readonly side: SideDatabase;
  /** `resumed`: an earlier run had restored and proven this backup already. */
  readonly outcome: 'restored' | 'resumed';
  /** By its fingerprint, or not at all because the backup has none. */
  readonly proof: 'fingerprint' | 'none';
  /** What differs and does no harm, and what could not be compared, for people. */
  readonly remarks: readonly string[];
  /** Databases that a killed restore had left half made, dropped now. */
  readonly swept: readonly string[];
}

/**
 * Restores a dump into a new database beside the live one and proves it by its fingerprint. The live database is
 * not touched: {@link swapRestored} puts the new one in its place.
 *
 * It may be killed at any point. What it leaves is marked on the server: the next run drops what is half made, and
 * goes on with what was proven. A failure leaves nothing.
 *
 * @throws LeaseHeldError when a restore of this database is running; WrongEnvironmentError, RestoreNotProvableError,
 *   RestoreDiffersError, RestoreStateError, ServerDiskTooSmallError; the errors of `restoreDump`, `fingerprintDatabase` and `core/postgres`;
 *   what `safetyBackup` throws; the signal's reason
 */
export async function restoreBeside(request: RestoreBesideRequest): Promise<RestoredBeside> {
  const { manifest, environment, s3, bucket, live, allowUnproven = false } = request;
  if (manifest.environment !== environment && !request.allowOtherEnvironment) {
    throw new WrongEnvironmentError(
      `backup ${manifest.backupId} is of environment "${manifest.environment}" and this is "${environment}"; name a backup of "${environment}", or allow the other environment on purpose`,
    );
  }
  const expected = await readFingerprint({ s3, bucket }, manifest, request.signal);
  if (!expected && !allowUnproven) {
    const reason = 'notTaken' in manifest.fingerprint ? manifest.fingerprint.notTaken : 'unknown';
    throw new RestoreNotProvableError(
      `backup ${manifest.backupId} has no fingerprint (${reason}), so what is restored cannot be proven; choose another backup, or allow an unproven one on purpose`,
    );
  }
  return await exclusively(request, async (maintenance, signal) => {
    const sides = await listSideDatabases(maintenance, live.database);
    const swept = sides.filter(({ mark }) => mark.state === 'restoring');
    for (const side of swept) await dropSideDatabase(maintenance, side);
    const found = { swept: swept.map(({ name }) => name) };

    const proven = sides.find(({ mark }) => mark.state === 'verified' && mark.backupId === manifest.backupId);
    const proof = expected ? 'fingerprint' : 'none';
    if (proven) return { ...found, side: proven, outcome: 'resumed', proof, remarks: [] };

    const made = await restoreAndProve(maintenance, request, expected, signal);
    return { ...found, ...made, outcome: 'restored', proof };
  });
}

/**
 * Puts the restored database in the live one's place, which is kept for {@link undoRestore}. Clients are turned away
 * for as long as it takes.
 *
 * @throws LeaseHeldError, RestoreStateError when no restore is ready
 */
export async function swapRestored(place: RestorePlace, side: SideDatabase): Promise<SwapResult> {
  return await exclusively(place, (maintenance) => swapIn(maintenance, side, timeOf(place)));
}

/**
 * Takes the last swap of a restore back.
 *
 * @throws LeaseHeldError, RestoreStateError when it left nothing to go back to
 */
export async function undoRestore(
  place: RestorePlace,
  restoreId: string,
): Promise<SwapResult | 'already-undone'> {
  return await exclusively(place, (maintenance) =>
    undoSwap(maintenance, place.live.database, restoreId, timeOf(place)),
  );
}

/**
 * Drops what a restore left on the server: what it restored, or what it set aside. The live database is never
 * among it. After that there is no way back but a backup.
 *
 * @returns the databases that were dropped
 * @throws LeaseHeldError, RestoreStateError when that restore left nothing
 */
export async function discardRestored(place: RestorePlace, restoreId: string): Promise<string[]> {
  return await exclusively(place, async (maintenance) => {
    const sides = (await listSideDatabases(maintenance, place.live.database)).filter(
      ({ mark }) => mark.restoreId === restoreId,
    );
    if (sides.length === 0) {
      throw new RestoreStateError(
        `restore ${restoreId} left no database beside "${place.live.database}": list what is there with golive restore --list`,
      );
    }
    for (const side of sides) await dropSideDatabase(maintenance, side);
    return sides.map(({ name }) => name);
  });
}

/** What restores left on the server, oldest first. */
export async function listRestored(place: RestorePlace): Promise<SideDatabase[]> {
  return await onMaintenance(place, (maintenance) => listSideDatabases(maintenance, place.live.database));
}

async function restoreAndProve(
  maintenance: Client,
  request: RestoreBesideRequest,
  expected: DatabaseFingerprint | undefined,
  signal: AbortSignal,
): Promise<Pick<RestoredBeside, 'side' | 'remarks'>> {
  const { live, manifest, onProgress, safetyBackup } = request;
  const storage = await request.serverStorage?.();
  if (storage !== undefined) await requireServerDisk(maintenance, storage, manifest.source.sizeBytes);
  const isThere = (await shapeOf(maintenance, live.database)) !== undefined;
  if (isThere && safetyBackup !== 'skipped') {
    onProgress?.({ stage: 'safety-backup' });
    await safetyBackup();
    signal.throwIfAborted();
  }
  onProgress?.({ stage: 'create' });
  const mark = {
    restoreId: randomBytes(4).toString('hex'),
    backupId: manifest.backupId,
    live: live.database,
    since: timeOf(request).toISOString(),
  };
  const side = await createSideDatabase(maintenance, mark, expected && shapeIn(expected));
  try {
    // What is refused here is refused at the swap again, and named there.
    if (isThere) await carryDatabaseGrants(maintenance, { from: live.database, to: side.name });
    const target = { ...live, database: side.name };
    await restoreDump({ ...request, target, signal, onProgress });
    const remarks = expected ? await prove(request, target, expected, signal) : [];
    onProgress?.({ stage: 'analyse' });
    // A restored table has no statistics, and its first queries would take the time of a full scan.
    await withSession(target, APPLICATION_NAME, { signal, statementTimeoutMs: 0 }, (session) =>
      session.query('ANALYZE'),
    );
    onProgress?.({ stage: 'mark' });
    return { side: await setMark(maintenance, side.name, { ...side.mark, state: 'verified' }), remarks };
  } catch (error) {
    await dropSideDatabase(maintenance, side).catch(() => undefined);
    throw error;
  }
}

/** The backup knows what its database was made with, for when the live one is lost. */
function shapeIn({ database }: DatabaseFingerprint): DatabaseShape {
  const { owner, encoding, collate: collation, ctype, localeProvider: provider } = database;
  return { owner, encoding, collation, ctype, provider };
}

/** @returns what differs and does no harm */
async function prove(
  { manifest, jobs = Math.max(2, availableParallelism()), onProgress }: RestoreBesideRequest,
  target: PostgresEndpoint,
  expected: DatabaseFingerprint,
  signal: AbortSignal,
): Promise<string[]> {
  const actual = await fingerprintDatabase({
    endpoint: target,
    concurrency: jobs,
    signal,
    onProgress: ({ doneBytes, totalBytes }) => onProgress?.({ stage: 'fingerprint', doneBytes, totalBytes }),
  });
  const differences = compareFingerprints(expected, actual);
  const wrong = differences.filter(({ severity }) => severity === 'error');
  if (wrong.length === 0) return differences.map(({ message }) => message);
  const named = wrong.slice(0, NAMED_DIFFERENCES).map(({ message }) => message);
  throw new RestoreDiffersError(
    `what was restored from ${manifest.backupId} is not what was dumped, and was dropped: ${named.join('; ')}${wrong.length > named.length ? `; and ${wrong.length - named.length} more` : ''}; take the backup before it, and keep this one for whoever looks into it`,
    wrong,
  );
}

const APPLICATION_NAME = 'golive-restore';
const NAMED_DIFFERENCES = 5;
/** Of creating, dropping and renaming databases. */
const MAINTENANCE_TIMEOUT_MS = 300_000;

/** One restore of a database at a time, and with the door open that a killed swap may have left closed. */
async function exclusively<T>(
  place: RestorePlace,
  work: (maintenance: Client, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { s3, bucket, live } = place;
  return await withLease(
    {
      s3,
      bucket,
      name: `restore/${live.database}`,
      holder: `restore, process ${process.pid} on ${hostname()}`,
      durationSeconds: place.leaseSeconds ?? 60,
      signal: place.signal,
    },
    async (_lease, signal) =>
      onMaintenance(place, async (maintenance) => {
        await openDoor(maintenance, live.database);
        return await work(maintenance, signal);
      }),
  );
}

async function onMaintenance<T>(
  { live, maintenanceDatabase = 'postgres' }: RestorePlace,
  work: (maintenance: Client) => Promise<T>,
): Promise<T> {
  // Without the signal: whoever stops a restore wants it cleaned up, over this connection.
  const limits = { statementTimeoutMs: MAINTENANCE_TIMEOUT_MS };
  return await withSession({ ...live, database: maintenanceDatabase }, APPLICATION_NAME, limits, work);
}

/** Only where a restore of ours stands: a person may have closed the database for a reason. */
async function openDoor(maintenance: Client, live: string): Promise<void> {
  const { rowCount } = await maintenance.query(
    'SELECT FROM pg_database WHERE datname = $1 AND NOT datallowconn',
    [live],
  );
  if (rowCount === 0) return;
  if ((await listSideDatabases(maintenance, live)).length > 0) await reopen(maintenance, live);
}

function timeOf({ now = () => new Date() }: RestorePlace): Date {
  return now();
}
