import { runProgram, type ProgramEnd } from '../../postgres/program';
import type { ArchiveRefusedError } from '../restore/errors';
import { PgRestoreFailedError } from '../restore/pg-restore-failure';
import type { Manifest } from '../manifest';
import type { Programs } from '../restore/pg-restore';
import { failed, notRun, passed, type Outcome } from './outcome';

export interface ArchiveToRead extends Programs {
  /** The archive on this machine: a file, or the folder of its files. */
  readonly file: string;
  /** Why it was not unpacked, though its bytes are right. */
  readonly refused: ArchiveRefusedError | undefined;
  /** Of pg_restore, such as `17.5`. */
  readonly clientVersion: string;
  /** Who wrote the archive and how, by its manifest. */
  readonly written: Pick<Manifest['archive'], 'clientVersion' | 'compression'>;
}

/**
 * Lets pg_restore read the archive to its end, every row unpacked, into nothing. Its `--list` reads only the table
 * of contents at the beginning, and takes an archive that lacks its second half for a good one.
 *
 * @throws ProgramNotFoundError, the signal's reason
 */
export async function proveReadable(archive: ArchiveToRead): Promise<Outcome> {
  const { path, signal, file, refused, clientVersion, written } = archive;
  if (refused) return failed(refused.message);
  const wanted = Number.parseInt(written.clientVersion, 10);
  if (Number.parseInt(clientVersion, 10) < wanted) {
    return notRun(
      `pg_restore ${clientVersion} cannot read an archive of pg_dump ${written.clientVersion}; put the client programs of PostgreSQL ${wanted} or newer first on the PATH`,
    );
  }
  const end = await runProgram(
    {
      name: 'pg_restore',
      args: ['--file=/dev/null', file],
      // LANG=C: failures are told apart by its messages.
      environment: { PATH: path, LANG: 'C', LC_ALL: 'C' },
      signal,
    },
    // Nothing comes, and a pipe that nobody reads would never close.
    (output) => output.forEach(() => undefined),
  );
  if (end.exitCode === 0 && !/^pg_restore: (error|fatal):/m.test(end.stderr)) {
    return passed(`pg_restore ${clientVersion} read it to its end`);
  }
  const said = saidIn(end);
  return saysNothingOfTheArchive(end, written)
    ? notRun(`${said}; see to this machine and its client programs, and verify again`)
    : failed(`${said}; the archive cannot be restored: choose another backup`);
}

function saidIn(end: ProgramEnd): string {
  // Without the advice that belongs to a restore.
  return new PgRestoreFailedError(end).message.replace(/; [^;]*$/, '');
}

/**
 * Ended by a signal, as by the kernel when memory is short; a disk that fails; or a build of pg_restore that lacks
 * the compression, if it is the one that the manifest names. "Out of memory" is not among them: Linux kills instead,
 * so it is a length in the archive that is absurd.
 */
function saysNothingOfTheArchive(
  { exitCode, stderr }: ProgramEnd,
  { compression }: ArchiveToRead['written'],
): boolean {
  if (exitCode === null || /Input\/output error|Permission denied/.test(stderr)) return true;
  const lacking = /does not support compression with (\w+)/.exec(stderr)?.[1];
  return lacking !== undefined && compression.toLowerCase().startsWith(lacking.toLowerCase());
}
