import { join } from 'node:path';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import type { Manifest } from '../manifest';
import { readArchiveList, runPgRestore, type Programs } from '../restore/pg-restore';
import { PgRestoreFailedError } from '../restore/pg-restore-failure';
import { inspectTarget } from '../restore/target';
import { failed, notRun, passed, type Outcome } from './outcome';

export interface ArchiveToRestore extends Programs {
  readonly file: string;
  /** For what pg_restore is to read beside the archive. */
  readonly folder: string;
  readonly source: Manifest['source'];
  readonly target: PostgresEndpoint;
  readonly jobs: number;
  readonly onProgress: (doneEntries: number, totalEntries: number) => void;
}

/**
 * Restores the archive into an empty database, which it leaves filled.
 *
 * @throws what says nothing of the backup: TargetNotEmptyError, TargetServerTooOldError, the errors of
 *   `core/postgres`; the signal's reason
 */
export async function proveRestores(archive: ArchiveToRestore): Promise<Outcome> {
  const { file, folder, source, target, signal, onProgress } = archive;
  await inspectTarget(target, source, signal);
  try {
    const list = await readArchiveList(file, archive);
    await runPgRestore({
      ...archive,
      archive: file,
      list,
      listFile: join(folder, 'list'),
      onEntry: (done) => onProgress(done, list.ids.size),
    });
    const leftOut =
      list.leftOut.length === 0 ? '' : `; left out: ${list.leftOut.map(({ entry }) => entry).join(', ')}`;
    return passed(`${list.ids.size} entries restored without an error${leftOut}`);
  } catch (error) {
    if (!(error instanceof PgRestoreFailedError)) throw error;
    return error.retryable || LACKING_ON_SERVER.test(error.stderr)
      ? notRun(error.message)
      : failed(error.message);
  }
}

/**
 * What the server that was lent lacks, not the archive. A right that is missing is not among them: whoever restores
 * with such a role meets it too.
 */
const LACKING_ON_SERVER =
  /No space left on device|could not extend file|out of shared memory|role ".*" does not exist|extension ".*" is not available|could not open extension control file/;
