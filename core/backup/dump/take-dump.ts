import { randomUUID } from 'node:crypto';
import { sweepLeftPassfiles } from '../../postgres/libpq';
import { saidBy } from '../../shared/errors';
import {
  LockTableFullError,
  coverSequencesUntilNow,
  fingerprintDatabase,
  type DatabaseFingerprint,
} from '../fingerprint';
import { Manifest } from '../manifest';
import { archiveKey, backupIdAt, fingerprintKey, globalsKey, manifestKey } from '../vault-layout';
import { packFingerprint, putCompanion } from './companions';
import { untilDeadline } from './deadline';
import { requireRoom, sweepDumpFolders } from './dump-folder';
import { LOCK_WAIT_MS, type Attempt, type DumpRequest } from './dump-request';
import { dumpGlobals } from './globals';
import { putManifest, readManifest } from './manifest-object';
import type { StoredArchive } from './multipart-upload';
import { lockTableAdvice } from './lock-table';
import { inspectPgDump } from './pg-dump';
import { PgDumpFailedError } from './pg-dump-failure';
import { inspectDatabase } from './preflight';
import { holdSnapshot, type SourceSnapshot } from './source-snapshot';
import { storeArchive } from './store-archive';

export type { DumpLog, DumpRequest } from './dump-request';

/** Before the runner ends: the dump itself has until a minute before. */
const FINGERPRINT_MARGIN_MS = 120_000;

export interface DumpResult {
  /** What stands in the vault now. */
  readonly manifest: Manifest;
  /** `already-exists`: an earlier delivery of the same schedule, or a faster attempt, has made this backup. */
  readonly outcome: 'created' | 'already-exists';
}

/**
 * Takes one backup: brings what pg_dump writes into the vault, has S3 confirm what it holds, and writes the manifest,
 * which makes the backup exist. Whatever fails, before that there is no backup and no upload is left behind.
 *
 * Knows nothing of Lambda: a runner without a deadline, and with a disk and processors, calls it alike.
 *
 * @throws DeadlineReachedError, DumpAbortedError, ClientTooOldError, RowSecurityBlocksDumpError,
 * TablesNotReadableError, LargeObjectsNotReadableError, DumpFolderUnusableError, DumpFolderTooSmallError,
 * PgDumpFailedError, EmptyArchiveError, ArchiveUploadError, ArchiveMismatchError, ManifestAccessError,
 * ManifestInvalidError, and the errors of `core/postgres`
 */
export async function takeDump(request: DumpRequest): Promise<DumpResult> {
  const { s3, bucket, endpoint, log, now = () => new Date() } = request;
  const backupId = backupIdAt(request.scheduledFor);
  const place = { s3, bucket, key: manifestKey(endpoint.database, backupId) };
  const startedAt = now();

  return untilDeadline(request, now, async (signal) => {
    const existing = await readManifest(place, signal);
    if (existing) {
      log.info('this backup is in the vault already', { backupId, archive: existing.archive.key });
      return { manifest: existing, outcome: 'already-exists' };
    }
    const attempt: Attempt = await prepare(request, signal);
    log.info('the dump begins', {
      backupId,
      archive: attempt.key,
      databaseSizeBytes: attempt.database.sizeBytes,
      serverVersion: attempt.database.serverVersion,
      clientVersion: attempt.client.version,
      compression: attempt.client.compression,
    });
    const { archive, globals, fingerprint } = await readSource(attempt);
    signal.throwIfAborted();

    const manifest = await putManifest(
      place,
      Manifest.parse({
        manifestVersion: 1,
        backupId,
        environment: request.environment,
        source: {
          instanceIdentifier: request.source.instanceIdentifier,
          dbiResourceId: request.source.dbiResourceId,
          database: endpoint.database,
          serverVersion: attempt.database.serverVersion,
          serverVersionNumber: attempt.database.serverVersionNumber,
          sizeBytes: attempt.database.sizeBytes,
        },
        archive: {
          key: attempt.key,
          format: attempt.format,
          compression: attempt.client.compression,
          clientVersion: attempt.client.version,
          ...archive,
        },
        globals,
        fingerprint,
        scheduledFor: request.scheduledFor.toISOString(),
        startedAt: startedAt.toISOString(),
        completedAt: now().toISOString(),
      } satisfies Record<keyof Manifest, unknown>),
    );
    const isOurs = manifest.archive.key === attempt.key;
    if (!isOurs)
      log.warn('another attempt was first', { backupId, archive: manifest.archive.key, unused: attempt.key });
    return { manifest, outcome: isOurs ? 'created' : 'already-exists' };
  });
}

async function prepare(request: DumpRequest, signal: AbortSignal): Promise<Attempt> {
  const { endpoint, path, log, archive, attempt = randomUUID().slice(0, 8) } = request;
  const inFolder = archive?.format === 'directory' ? archive : undefined;
  const swept = (await sweepLeftPassfiles()) + (inFolder ? await sweepDumpFolders(inFolder.folder) : 0);
  if (swept > 0) log.warn('removed what killed runs had left in the temporary folder', { folders: swept });
  const applicationName = `golive-dump ${attempt}`;
  const client = await inspectPgDump(path, signal);
  const database = await inspectDatabase(endpoint, client, applicationName, signal);
  if (inFolder) await requireRoom(inFolder.folder, inFolder.jobs, endpoint, applicationName, signal);
  const format = inFolder ? 'directory-tar' : 'custom';
  const key = archiveKey(endpoint.database, backupIdAt(request.scheduledFor), attempt, format);
  return { request, signal, key, format, name: attempt, applicationName, client, database };
}

/** Everything that is read from the database, through one snapshot where the database allows it. */
async function readSource(
  attempt: Attempt,
): Promise<Pick<Manifest, 'globals' | 'fingerprint'> & { archive: StoredArchive }> {
  const { request, signal, applicationName } = attempt;
  const { endpoint, path, s3, bucket, scheduledFor, lockWaitTimeoutMs = LOCK_WAIT_MS } = request;
  const backupId = backupIdAt(scheduledFor);
  const snapshot = await holdSnapshot(endpoint, applicationName, lockWaitTimeoutMs, signal);
  try {
    const globals = await dumpGlobals(endpoint, applicationName, { path, signal });
    const failed = new AbortController();
    const fingerprinting = takeFingerprint(attempt, snapshot.id, AbortSignal.any([signal, failed.signal]));
    const archive = await storeArchive(attempt, snapshot.id).catch(async (error: unknown) => {
      failed.abort(error);
      await fingerprinting;
      throw await withLockAdvice(error, attempt);
    });
    const taken = await fingerprinting;
    return {
      archive,
      // What lies beside the archive comes after it: an attempt that fails leaves nothing.
      globals: await putCompanion(
        { s3, bucket },
        globalsKey(endpoint.database, backupId, attempt.name),
        globals,
        'application/sql',
      ),
      fingerprint: 'notTaken' in taken ? taken : await storeFingerprint(attempt, taken, snapshot),
    };
  } finally {
    await snapshot.release();
  }
}

/** A lock table that is full is mended by one figure, which can be told. */
async function withLockAdvice(error: unknown, { request, applicationName }: Attempt): Promise<unknown> {
  if (!(error instanceof PgDumpFailedError) || error.code !== 'PgDumpLockTableFullError') return error;
  return new PgDumpFailedError(error, 'pg_dump', await lockTableAdvice(request.endpoint, applicationName));
}

/**
 * Without a fingerprint a dump is still a backup, of which less can be proven: what stands in its way is told, and
 * never ends the dump.
 */
async function takeFingerprint(
  attempt: Attempt,
  snapshotId: string,
  signal: AbortSignal,
): Promise<DatabaseFingerprint | { notTaken: string }> {
  const {
    endpoint,
    fingerprint,
    lockWaitTimeoutMs = LOCK_WAIT_MS,
    deadline,
    now = () => new Date(),
    log,
  } = attempt.request;
  if (fingerprint === 'none') return { notTaken: 'it was not asked for' };
  const endsIn = deadline && deadline.getTime() - now().getTime() - FINGERPRINT_MARGIN_MS;
  const limit = endsIn === undefined ? undefined : AbortSignal.timeout(Math.max(0, endsIn));
  try {
    return await fingerprintDatabase({
      endpoint,
      snapshotId,
      concurrency: fingerprint?.connections ?? 2,
      limits: fingerprint?.limits ?? {},
      lockTimeoutMs: lockWaitTimeoutMs,
      signal: limit ? AbortSignal.any([signal, limit]) : signal,
    });
  } catch (error) {
    const reason = limit?.aborted
      ? 'it was not done two minutes before the runner ends; leave out the largest tables by backup.dump.fingerprint, or give it more connections'
      : await reasonOf(error, attempt);
    if (!signal.aborted) log.warn('the dump will have no fingerprint', { reason });
    return { notTaken: reason };
  }
}

async function reasonOf(error: unknown, { request, applicationName }: Attempt): Promise<string> {
  const advice =
    error instanceof LockTableFullError
      ? await lockTableAdvice(request.endpoint, applicationName)
      : undefined;
  return advice === undefined ? saidBy(error) : `${saidBy(error)}; ${advice}`;
}

/** The dump has ended, and may have read sequences, which stand outside of snapshots, at any time until now. */
async function storeFingerprint(
  { request, name }: Attempt,
  taken: DatabaseFingerprint,
  { session }: SourceSnapshot,
): Promise<Manifest['fingerprint']> {
  const { s3, bucket, endpoint, scheduledFor, log } = request;
  let fingerprint: DatabaseFingerprint;
  try {
    fingerprint = await coverSequencesUntilNow(taken, endpoint, session);
  } catch (error) {
    // The archive is whole: a dump of which less can be proven is better than none.
    const reason = `the sequences could not be read again after the dump: ${saidBy(error)}`;
    log.warn('the dump will have no fingerprint', { reason });
    return { notTaken: reason };
  }
  const companion = await putCompanion(
    { s3, bucket },
    fingerprintKey(endpoint.database, backupIdAt(scheduledFor), name),
    await packFingerprint(fingerprint),
    'application/gzip',
  );
  const { tables } = fingerprint;
  return {
    ...companion,
    tables: tables.length,
    tablesLeftOut: tables.filter((table) => 'omitted' in table).length,
  };
}
