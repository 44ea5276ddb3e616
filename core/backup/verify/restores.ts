import { join } from 'node:path';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import type { Manifest } from '../manifest';
import { partedList } from '../restore/archive-list';
import { readArchiveList, runPgRestore, type Programs } from '../restore/pg-restore';
import { PgRestoreFailedError } from '../restore/pg-restore-failure';
import { inspectTarget } from '../restore/target';
import { failed, notRun, passed, type Outcome } from './outcome';

export interface ArchiveToRestore extends Programs {
  /** The archive on this machine: a file, or the folder of its files. */
  readonly file: string;
  /** For what pg_restore is to read beside the archive. */
  readonly folder: string;
  readonly source: Manifest['source'];
  readonly target: PostgresEndpoint;
  /** Makes what `target`'s role may make on RDS and on this server may not. @default - nobody, that role makes all */
  readonly administrator?: PostgresEndpoint | undefined;
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
  const { file, folder, source, target, administrator, signal, onProgress } = archive;
  await inspectTarget(target, source, signal);
  try {
    const list = await readArchiveList(file, archive);
    const [first, others] = partedList(list, (entry) => isPrivileged(entry, administrator));
    if (administrator && first.ids.size > 0) {
      const listFile = join(folder, 'list-of-administrator');
      const onEntry = () => undefined;
      await runPgRestore({
        ...archive,
        archive: file,
        target: administrator,
        list: first,
        listFile,
        onEntry,
      });
    }
    await runPgRestore({
      ...archive,
      archive: file,
      list: others,
      listFile: join(folder, 'list'),
      onEntry: (done) => onProgress(first.ids.size + done, list.ids.size),
    });
    const leftOut =
      list.leftOut.length === 0 ? '' : `; left out: ${list.leftOut.map(({ entry }) => entry).join(', ')}`;
    return passed(`${list.ids.size} entries restored without an error${leftOut}`);
  } catch (error) {
    if (!(error instanceof PgRestoreFailedError)) throw error;
    const isLacking =
      LACKING_ON_SERVER.test(error.stderr) ||
      (administrator !== undefined && ALLOWED_ON_RDS.test(error.stderr));
    return error.retryable || isLacking ? notRun(error.message) : failed(error.message);
  }
}

/**
 * What the server that was lent lacks, not the archive. A right that is missing is not among them: whoever restores
 * with such a role meets it too.
 */
const LACKING_ON_SERVER =
  /No space left on device|could not extend file|out of shared memory|role ".*" does not exist|extension ".*" is not available|could not open extension control file|can only be loaded via .?shared_preload_libraries/;

/** Definitions, which run nothing of the archive's; RDS lets its master user make them. */
const PRIVILEGED = /^(SCHEMA|EXTENSION|FOREIGN DATA WRAPPER|SERVER|USER MAPPING) - /;

/** Also who may use what an extension brought: that belongs to the superuser. An entry ends in its owner. */
function isPrivileged(entry: string, administrator: PostgresEndpoint | undefined): boolean {
  if (!administrator) return false;
  return (
    PRIVILEGED.test(entry) || (entry.startsWith('ACL ') && entry.trimEnd().endsWith(` ${administrator.user}`))
  );
}

/** What RDS allows its master user, beyond that. A superuser could make it, and then run what the archive says. */
const ALLOWED_ON_RDS =
  /permission denied to create event trigger|must be superuser to create FOR (ALL TABLES|TABLES IN SCHEMA) publication/;
