import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { sweepLeftPassfiles, withLibpqEnvironment } from '../../postgres/libpq';
import { saidBy } from '../../shared/errors';
import { Manifest } from '../manifest';
import {
  coverSequencesUntilNow,
  fingerprintDatabase,
  type DatabaseFingerprint,
  type FingerprintLimits,
} from '../fingerprint';
import { archiveKey, backupIdAt, fingerprintKey, globalsKey, manifestKey } from '../vault-layout';
import { packFingerprint, putCompanion } from './companions';
import { endBackends } from './backends';
import { untilDeadline, type Limits } from './deadline';
import { putManifest, readManifest } from './manifest-object';
import { MultipartUpload, type StoredArchive, type UploadProgress } from './multipart-upload';
import { dumpGlobals } from './globals';
import { inspectPgDump, runPgDump, type PgDumpClient } from './pg-dump';
import { PgDumpFailedError } from './pg-dump-failure';
import { inspectDatabase, type DumpedDatabase } from './preflight';
import { holdSnapshot } from './source-snapshot';

export interface DumpRequest extends Limits {
  /** Best made by `dumpS3Client`, whose requests always end. */
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  readonly endpoint: PostgresEndpoint;
  readonly source: {
    readonly instanceIdentifier: string;
    /** RDS's immutable id of the instance. */
    readonly dbiResourceId: string;
  };
  /** The environment's name, such as `prod`. */
  readonly environment: string;
  /** The instant that the backup is for; the same instant is the same backup. */
  readonly scheduledFor: Date;
  /** The PATH on which pg_dump is found. */
  readonly path: string;
  /**
   * Letters, digits and hyphens, unique to this attempt.
   * @default - random
   */
  readonly attempt?: string | undefined;
  /**
   * How long pg_dump waits for its locks, milliseconds.
   * @default 60000 - a migration queues behind a dump, and its readers behind the migration
   */
  readonly lockWaitTimeoutMs?: number | undefined;
  /**
   * How the fingerprint is taken beside the dump: `connections` of it keep about a core of the server busy each.
   * `none` leaves it out, as a measurement of the stream alone does.
   * @default 2 connections, no limits
   */
  readonly fingerprint?:
    | { readonly connections?: number | undefined; readonly limits?: FingerprintLimits | undefined }
    | 'none'
    | undefined;
  readonly log: DumpLog;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** @default - the machine's */
  readonly now?: (() => Date) | undefined;
}

const LOCK_WAIT_MS = 60_000;
/** Before the runner ends: the dump itself has until a minute before. */
const FINGERPRINT_MARGIN_MS = 120_000;

/** Where the dump tells what it does. Never given a password. */
export interface DumpLog {
  info(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
}

export interface DumpResult {
  /** What stands in the vault now. */
  readonly manifest: Manifest;
  /** `already-exists`: an earlier delivery of the same schedule, or a faster attempt, has made this backup. */
  readonly outcome: 'created' | 'already-exists';
}

/**
 * Takes one backup: streams pg_dump into the vault, has S3 confirm what it holds, and writes the manifest,
 * which makes the backup exist. Whatever fails, before that there is no backup and no upload is left behind.
 *
 * Knows nothing of Lambda: a runner without a deadline calls it alike.
 *
 * @throws DeadlineReachedError, DumpAbortedError, ClientTooOldError, RowSecurityBlocksDumpError,
 * TablesNotReadableError, PgDumpFailedError, EmptyArchiveError, ArchiveUploadError, ArchiveMismatchError,
 * ManifestAccessError, ManifestInvalidError, and the errors of `core/postgres`
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
          format: 'custom',
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

/** What one attempt works with, once all is known to be in order. */
interface Attempt {
  readonly request: DumpRequest;
  readonly signal: AbortSignal;
  /** Of the archive. */
  readonly key: string;
  /** Letters, digits and hyphens. */
  readonly name: string;
  /** Names this attempt in pg_stat_activity. */
  readonly applicationName: string;
  readonly client: PgDumpClient;
  readonly database: DumpedDatabase;
}

async function prepare(request: DumpRequest, signal: AbortSignal): Promise<Attempt> {
  const { endpoint, path, log, attempt = randomUUID().slice(0, 8) } = request;
  const swept = await sweepLeftPassfiles();
  if (swept > 0) log.warn('removed what killed runs had left in the temporary folder', { folders: swept });
  const applicationName = `golive-dump ${attempt}`;
  const client = await inspectPgDump(path, signal);
  const database = await inspectDatabase(endpoint, client, applicationName, signal);
  const key = archiveKey(endpoint.database, backupIdAt(request.scheduledFor), attempt);
  return { request, signal, key, name: attempt, applicationName, client, database };
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
    const archive = await streamArchive(attempt, snapshot.id).catch(async (error: unknown) => {
      failed.abort(error);
      await fingerprinting;
      throw error;
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
      fingerprint: 'notTaken' in taken ? taken : await storeFingerprint(attempt, taken),
    };
  } finally {
    await snapshot.release();
  }
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
      : saidBy(error);
    if (!signal.aborted) log.warn('the dump will have no fingerprint', { reason });
    return { notTaken: reason };
  }
}

/** The dump has ended, and may have read sequences, which stand outside of snapshots, at any time until now. */
async function storeFingerprint(
  { request, name }: Attempt,
  taken: DatabaseFingerprint,
): Promise<Manifest['fingerprint']> {
  const { s3, bucket, endpoint, scheduledFor } = request;
  const fingerprint = await coverSequencesUntilNow(taken, endpoint);
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

/** The archive is complete only when pg_dump exited with 0, its output was read to the end and S3 confirmed it. */
async function streamArchive(attempt: Attempt, snapshotId: string): Promise<StoredArchive> {
  const { request, signal, key, applicationName, client, database } = attempt;
  const { s3, bucket, endpoint, path, log, onProgress, lockWaitTimeoutMs = LOCK_WAIT_MS } = request;
  const upload = await MultipartUpload.create({ s3, bucket, key, signal, onProgress });
  try {
    const warnings = await withLibpqEnvironment(endpoint, applicationName, (libpq) =>
      runPgDump(
        {
          path,
          client,
          connection: {
            ...libpq,
            ...(database.checksItsClient && { PGOPTIONS: '-c client_connection_check_interval=1s' }),
          },
          snapshotId,
          lockWaitTimeoutMs,
          password: endpoint.password,
          signal,
        },
        (output) => upload.receive(output),
      ),
    );
    if (warnings !== '') log.warn('pg_dump warned', { warnings });
    return await upload.complete();
  } catch (error) {
    await Promise.all([giveUp(upload, key, log), endLeftBackends(error, endpoint, applicationName, log)]);
    throw error;
  }
}

/** Never hides the failure that led here. */
async function giveUp(upload: MultipartUpload, key: string, log: DumpLog): Promise<void> {
  if (await upload.abort()) return;
  log.warn("S3 did not confirm the end of the upload; the vault's lifecycle rule will remove its parts", {
    archive: key,
  });
}

async function endLeftBackends(
  failure: unknown,
  endpoint: PostgresEndpoint,
  applicationName: string,
  log: DumpLog,
): Promise<void> {
  // One that ended by itself has closed its connection.
  if (failure instanceof PgDumpFailedError && failure.exitCode !== null) return;
  try {
    const ended = await endBackends(endpoint, applicationName);
    if (ended > 0) log.warn('ended what pg_dump had left on the server', { backends: ended });
  } catch (error) {
    log.warn("whether pg_dump's backend is gone could not be found out; it ends when it next writes", {
      reason: saidBy(error),
    });
  }
}
