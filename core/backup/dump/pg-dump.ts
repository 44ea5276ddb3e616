import {
  outputOf,
  runProgram,
  type Program,
  type ProgramEnd,
  type RunningProgram,
} from '../../postgres/program';
import type { ProgramOutput } from '../../postgres/program-output';
import { programVersion } from '../../postgres/version';
import { PgDumpFailedError } from './pg-dump-failure';

const PG_DUMP = 'pg_dump';

/** The pg_dump that is installed here. */
export interface PgDumpClient {
  /** Such as `17.5`. */
  readonly version: string;
  readonly majorVersion: number;
  /** The fastest that it has, as the manifest names it. */
  readonly compression: 'zstd:1' | 'gzip:1';
}

/**
 * Asks pg_dump for its version and its codecs.
 *
 * zstd at level 1 is about as fast as gzip at level 1 and packs tighter; PostgreSQL has it from version 16 on,
 * where it was compiled in. Without it a dump is slower, which is better than no dump.
 *
 * @param path the PATH to find it on
 * @throws ProgramNotFoundError, PgDumpFailedError
 */
export async function inspectPgDump(path: string, signal?: AbortSignal): Promise<PgDumpClient> {
  const environment = baseEnvironment(path);
  const asked = await outputOf({ name: PG_DUMP, args: ['--version'], environment, signal });
  const said = programVersion(asked.stdout);
  if (asked.exitCode !== 0 || !said) throw new PgDumpFailedError(asked);
  return {
    ...said,
    compression: said.majorVersion >= 16 && (await hasZstd(environment, signal)) ? 'zstd:1' : 'gzip:1',
  };
}

export interface PgDumpRun {
  readonly path: string;
  readonly client: PgDumpClient;
  /** How to connect, from `withLibpqEnvironment`. */
  readonly connection: Readonly<Record<string, string>>;
  /** The exported snapshot to dump. */
  readonly snapshotId: string;
  /** Milliseconds that pg_dump waits for its locks when it starts. */
  readonly lockWaitTimeoutMs: number;
  readonly password: string;
  readonly signal: AbortSignal;
}

/**
 * Runs pg_dump in its custom format and lends its output to `consume`.
 *
 * @returns its warnings, empty as a rule
 * @throws PgDumpFailedError unless it exits with 0; the signal's reason; what `consume` throws
 */
export async function runPgDump(
  run: PgDumpRun,
  consume: (output: ProgramOutput) => Promise<void>,
): Promise<string> {
  return warningsOf(
    await runProgram({ ...programOf(run, ['--format=custom']), writesMuch: true }, (output) =>
      consume(output),
    ),
  );
}

/**
 * Runs pg_dump in its directory format, several tables at a time, and lends what runs to `consume`. The folder
 * is pg_dump's to make.
 *
 * @returns its warnings, empty as a rule
 * @throws PgDumpFailedError unless it exits with 0; the signal's reason; what `consume` throws
 */
export async function runPgDumpInto(
  run: PgDumpRun & { readonly folder: string; readonly jobs: number },
  consume: (running: RunningProgram) => Promise<void>,
): Promise<string> {
  const args = [
    '--format=directory',
    `--jobs=${run.jobs}`,
    `--file=${run.folder}`,
    // The files do not stay, and it would look for those that are gone already.
    '--no-sync',
  ];
  return warningsOf(
    await runProgram({ ...programOf(run, args), startsOthers: true }, async (output, running) => {
      await Promise.all([output.forEach(() => undefined), consume(running)]);
    }),
  );
}

function programOf(run: PgDumpRun, args: readonly string[]): Program {
  return {
    name: PG_DUMP,
    args: [
      ...args,
      // Before version 16 there is gzip alone, and only its level is told.
      `--compress=${run.client.majorVersion >= 16 ? run.client.compression : '1'}`,
      `--snapshot=${run.snapshotId}`,
      `--lock-wait-timeout=${run.lockWaitTimeoutMs}`,
      '--no-password',
    ],
    environment: { ...baseEnvironment(run.path), ...run.connection },
    secrets: [run.password],
    signal: run.signal,
  };
}

function warningsOf(end: ProgramEnd): string {
  if (end.exitCode !== 0) throw new PgDumpFailedError(end);
  return end.stderr;
}

/**
 * Asks for the codec without reaching a server: pg_dump checks it before it connects, and no server listens in
 * a folder that does not exist.
 */
async function hasZstd(environment: Record<string, string>, signal?: AbortSignal): Promise<boolean> {
  const args = ['--format=custom', '--compress=zstd:1', '--no-password', '--host=/nonexistent'];
  const { stderr } = await outputOf({ name: PG_DUMP, args, environment, signal });
  return !/does not support compression/.test(stderr);
}

/** LANG=C: its messages are read by {@link PgDumpFailedError}. */
function baseEnvironment(path: string): Record<string, string> {
  return { PATH: path, LANG: 'C', LC_ALL: 'C' };
}
