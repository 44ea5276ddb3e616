import { writeFile } from 'node:fs/promises';
import { withLibpqEnvironment } from '../../postgres/libpq';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { outputOf, runProgram } from '../../postgres/program';
import { programVersion } from '../../postgres/version';
import { archiveList, type ArchiveList } from './archive-list';
import { PgRestoreFailedError } from './pg-restore-failure';

const PG_RESTORE = 'pg_restore';

/** The PATH on which pg_restore is found, and what ends it. */
export interface Programs {
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks pg_restore for its version.
 *
 * @throws ProgramNotFoundError, PgRestoreFailedError
 */
export async function inspectPgRestore(
  programs: Programs,
): Promise<{ version: string; majorVersion: number }> {
  const asked = await outputOf({ ...programOf(programs), args: ['--version'] });
  const said = programVersion(asked.stdout);
  if (asked.exitCode !== 0 || !said) throw new PgRestoreFailedError(asked);
  return said;
}

/** Reads an archive's table of contents. It proves nothing about the data that follows. */
export async function readArchiveList(archive: string, programs: Programs): Promise<ArchiveList> {
  const listed = await outputOf({ ...programOf(programs), args: ['--list', archive] });
  if (listed.exitCode !== 0) throw new PgRestoreFailedError(listed);
  return archiveList(listed.stdout);
}

export interface PgRestoreRun extends Programs {
  readonly archive: string;
  readonly list: ArchiveList;
  /** A file to write the list to. */
  readonly listFile: string;
  readonly target: PostgresEndpoint;
  readonly jobs: number;
  readonly onEntry: (done: number) => void;
}

/**
 * Restores an archive's entries into a database, several at a time, and stops at the first error.
 *
 * @throws PgRestoreFailedError when it exits with anything but 0 or speaks of an error, the signal's reason
 */
export async function runPgRestore(run: PgRestoreRun): Promise<void> {
  const { archive, list, listFile, target, jobs, onEntry } = run;
  await writeFile(listFile, list.text, { mode: 0o600 });
  const counter = new EntriesFinished(list.ids, onEntry);
  const end = await withLibpqEnvironment(target, 'golive-restore', (libpq) =>
    runProgram(
      {
        ...programOf(run),
        args: [
          '--exit-on-error',
          '--no-password',
          '--verbose',
          `--jobs=${jobs}`,
          `--use-list=${listFile}`,
          `--dbname=${connectionString(target.database)}`,
          archive,
        ],
        environment: { ...programOf(run).environment, ...libpq },
        secrets: [target.password],
        onStderr: (chunk) => counter.add(chunk),
      },
      // Nothing comes, and a pipe that nobody reads would never close.
      (output) => output.forEach(() => undefined),
    ),
  );
  if (end.exitCode !== 0 || /^pg_restore: (error|warning: errors ignored)/m.test(end.stderr)) {
    throw new PgRestoreFailedError(end);
  }
  counter.finish();
}

function programOf({ path, signal }: Programs) {
  // LANG=C: progress and failures are read from its messages.
  return { name: PG_RESTORE, environment: { PATH: path, LANG: 'C', LC_ALL: 'C' }, signal };
}

/**
 * A database's name as `--dbname` takes it. A bare name with an equals sign in it would be read as a connection
 * string; everything else comes from the environment.
 */
function connectionString(database: string): string {
  return `dbname='${database.replace(/['\\]/g, '\\$&')}'`;
}

/**
 * Counts the entries that are done, by what `--verbose` writes of them. Its workers write to one pipe, and now and
 * then into each other's lines: such an entry counts at the end.
 */
class EntriesFinished {
  private rest = '';
  private readonly done = new Set<string>();

  constructor(
    private readonly ids: ReadonlySet<string>,
    private readonly onEntry: (done: number) => void,
  ) {}

  add(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('utf8')).split('\n');
    this.rest = lines.pop() ?? '';
    const before = this.done.size;
    for (const line of lines) {
      const entry = /^pg_restore: (?:processing|finished) item (\d+) /.exec(line)?.[1];
      // It also speaks of those that the list leaves out.
      if (entry !== undefined && this.ids.has(entry)) this.done.add(entry);
    }
    if (this.done.size > before) this.onEntry(this.done.size);
  }

  /** pg_restore has ended well: all are done. */
  finish(): void {
    if (this.done.size < this.ids.size) this.onEntry(this.ids.size);
  }
}
