import { join } from 'node:path';
import { withLibpqEnvironment } from '../../postgres/libpq';
import { saidBy } from '../../shared/errors';
import { endBackends } from './backends';
import { withDumpFolder } from './dump-folder';
import { LOCK_WAIT_MS, type Attempt, type DumpLog, type DumpRequest } from './dump-request';
import { finishedFiles, PgDumpEndedEarly } from './finished-files';
import { MultipartUpload, type StoredArchive } from './multipart-upload';
import { runPgDump, runPgDumpInto, type PgDumpRun } from './pg-dump';
import { PgDumpFailedError } from './pg-dump-failure';
import { tarOfFiles } from './tar-of-files';

/**
 * Takes the archive from pg_dump to S3. It is complete only when pg_dump exited with 0, all that it wrote was read
 * and S3 confirmed it.
 *
 * @throws DumpFolderUnusableError, PgDumpFailedError, EmptyArchiveError, ArchiveUploadError, ArchiveMismatchError,
 *   the signal's reason
 */
export async function storeArchive(attempt: Attempt, snapshotId: string): Promise<StoredArchive> {
  const { request, signal, key, applicationName, client, database } = attempt;
  const { s3, bucket, endpoint, path, log, onProgress, lockWaitTimeoutMs = LOCK_WAIT_MS } = request;
  const upload = await MultipartUpload.create({ s3, bucket, key, signal, onProgress });
  try {
    const warnings = await withLibpqEnvironment(endpoint, applicationName, (libpq) =>
      send(
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
        request.archive,
        upload,
      ),
    );
    if (warnings !== '') log.warn('pg_dump warned', { warnings });
    return await upload.complete();
  } catch (error) {
    await Promise.all([giveUp(upload, key, log), endLeftBackends(error, attempt)]);
    throw error;
  }
}

/** @returns pg_dump's warnings */
async function send(
  run: PgDumpRun,
  archive: DumpRequest['archive'],
  upload: MultipartUpload,
): Promise<string> {
  if (archive?.format !== 'directory') return await runPgDump(run, (output) => upload.receive(output));
  return await withDumpFolder(archive.folder, async (ours) => {
    const folder = join(ours, 'archive');
    return await runPgDumpInto({ ...run, folder, jobs: archive.jobs }, async (running) => {
      try {
        await tarOfFiles(folder, finishedFiles(folder, running), (tar) => upload.receive(tar));
      } catch (error) {
        // Then how it ended is the reason.
        if (!(error instanceof PgDumpEndedEarly)) throw error;
      }
    });
  });
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
  { request, format, applicationName }: Attempt,
): Promise<void> {
  const { endpoint, log } = request;
  // One that ended by itself has closed its connection; of several jobs, one may have been killed.
  const endedByItself = failure instanceof PgDumpFailedError && failure.exitCode !== null;
  if (endedByItself && format === 'custom') return;
  try {
    const ended = await endBackends(endpoint, applicationName);
    if (ended > 0) log.warn('ended what pg_dump had left on the server', { backends: ended });
  } catch (error) {
    log.warn("whether pg_dump's backend is gone could not be found out; it ends when it next writes", {
      reason: saidBy(error),
    });
  }
}
