import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import type { Manifest } from '../manifest';
import { partedList, type LeftOut } from './archive-list';
import { downloadArchive, requireDiskSpace } from './download-archive';
import { RestoreClientTooOldError } from './errors';
import { inspectPgRestore, readArchiveList, runPgRestore } from './pg-restore';
import { inspectTarget } from './target';

export interface RestoreDumpRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** Of the backup to restore, as the catalogue gives it. */
  readonly manifest: Manifest;
  /** An empty database and the role to restore as: on RDS its master user, who is no superuser. */
  readonly target: PostgresEndpoint;
  /** The PATH on which pg_restore is found. */
  readonly path: string;
  /**
   * Connections that restore at the same time; each keeps about one core of the server busy.
   * @default - as many as this machine has cores, and 2 at least
   */
  readonly jobs?: number | undefined;
  /**
   * Where the archive lies meanwhile: `pg_restore --jobs` needs files that it can seek in.
   * @default - the machine's temporary folder
   */
  readonly temporaryFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
}

export type RestoreProgress =
  | { readonly stage: 'download'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly stage: 'restore'; readonly doneEntries: number; readonly totalEntries: number };

export interface RestoreDumpResult {
  readonly downloadMs: number;
  readonly restoreMs: number;
  /** Entries of the archive's table of contents: tables, their data, indexes, constraints, grants … */
  readonly entries: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Restores one dump into an empty database: fetches the archive, checks every byte against the manifest, and
 * runs pg_restore, which stops at the first error. Whether what was restored is right is for a fingerprint to
 * say; putting it in the live database's place is another step.
 *
 * After an error the target holds anything between nothing and everything: drop it.
 *
 * @throws RestoreClientTooOldError, TargetNotEmptyError, TargetServerTooOldError, DiskTooSmallError: before
 *   anything was downloaded; ArchiveCorruptError, ArchiveRefusedError, ArchiveDownloadError: before
 *   anything was restored; PgRestoreFailedError; the signal's reason; the errors of `core/postgres`
 */
export async function restoreDump(request: RestoreDumpRequest): Promise<RestoreDumpResult> {
  const { s3, bucket, manifest, target, path, signal, onProgress } = request;
  const { jobs = Math.max(2, availableParallelism()), temporaryFolder = tmpdir() } = request;
  const { archive } = manifest;
  const programs = { path, signal };

  await refuseOldClient(programs, archive);
  await inspectTarget(target, manifest.source, signal);
  await requireDiskSpace(temporaryFolder, archive.bytes);

  const folder = await mkdtemp(join(temporaryFolder, RESTORE_FOLDER_PREFIX));
  try {
    const file = join(folder, 'archive');
    const began = performance.now();
    await downloadArchive({
      s3,
      bucket,
      archive,
      file,
      signal,
      onProgress: (doneBytes) => onProgress?.({ stage: 'download', doneBytes, totalBytes: archive.bytes }),
    });
    const downloaded = performance.now();
    const list = await readArchiveList(file, programs);
    const restored = { ...programs, archive: file, listFile: join(folder, 'list'), target };
    const progress = (doneEntries: number) =>
      onProgress?.({ stage: 'restore', doneEntries, totalEntries: list.ids.size });
    // pg_restore grants last. But a role that owns a table in `public` must be allowed to make one there when it is
    // given the table, unless a superuser gives it.
    const [access, others] = partedList(list, (entry) => PUBLIC_ACCESS.test(entry));
    if (access.ids.size > 0) await runPgRestore({ ...restored, list: access, jobs: 1, onEntry: progress });
    await runPgRestore({
      ...restored,
      list: others,
      jobs,
      onEntry: (done) => progress(access.ids.size + done),
    });
    return {
      downloadMs: downloaded - began,
      restoreMs: performance.now() - downloaded,
      entries: list.ids.size,
      leftOut: list.leftOut,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As `pg_restore --list` shows it. */
const PUBLIC_ACCESS = /^ACL - SCHEMA public /;

/** The start of the temporary folders' names, so that a later run can sweep what a killed one left. */
export const RESTORE_FOLDER_PREFIX = 'golive-restore-';

async function refuseOldClient(
  programs: { path: string; signal?: AbortSignal | undefined },
  archive: Manifest['archive'],
): Promise<void> {
  const client = await inspectPgRestore(programs);
  const wanted = Number.parseInt(archive.clientVersion, 10);
  if (client.majorVersion >= wanted) return;
  throw new RestoreClientTooOldError(
    `pg_restore ${client.version} cannot read an archive of pg_dump ${archive.clientVersion}; put the client programs of PostgreSQL ${wanted} or newer first on the PATH`,
  );
}
