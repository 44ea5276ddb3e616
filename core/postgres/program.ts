import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ProgramNotFoundError } from './errors';
import { LastLines } from './last-lines';
import { endGroupWithUs, killGroup } from './process-group';
import { NamedPipe, streamOutput, type ProgramOutput } from './program-output';

export interface Program {
  /** Its name, looked up on `environment.PATH`, or its path. */
  readonly name: string;
  /** Never with a secret: everybody on the machine can read it in /proc. */
  readonly args: readonly string[];
  /** The whole environment of the child; it inherits nothing. */
  readonly environment: Readonly<Record<string, string>>;
  /** Taken out of what the child writes to stderr. */
  readonly secrets?: readonly string[];
  /** Called with what the child writes to stderr, as it comes: some programs tell their progress there. */
  readonly onStderr?: (chunk: Buffer) => void;
  /** That it writes much: its output then comes by a pipe that costs less to read. @default false */
  readonly writesMuch?: boolean;
  /**
   * That it starts processes of its own. They are one group then, which ends as a whole: with the program, when
   * it is told to, and when our own process is gone.
   * @default false
   */
  readonly startsOthers?: boolean;
  /** Ends the child. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramEnd extends ProgramExit {
  /** Its last words, without the secrets. */
  readonly stderr: string;
}

/** A program that was started. */
export interface RunningProgram {
  /** Of its process, and of the group where it has one; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** When it has ended, though others of its group may not have. */
  readonly exited: Promise<ProgramExit>;
}

/** From SIGTERM, at which pg_dump cancels its query on the server, to SIGKILL. */
const GRACE_MS = 5_000;

/**
 * Runs a program, with no shell, and lends its output to `consume` while it runs. Returns when the program has
 * ended, its output was read to the end and `consume` is done. How it ended is the caller's to judge.
 *
 * When `consume` fails or the signal is aborted, the child is told to end (SIGTERM, then SIGKILL) and is waited
 * for, and the consumer's error or the signal's reason is thrown: no child is ever left behind.
 *
 * @throws ProgramNotFoundError, the signal's reason, or what `consume` throws
 */
export async function runProgram(
  program: Program,
  consume: (output: ProgramOutput, running: RunningProgram) => Promise<void>,
): Promise<ProgramEnd> {
  const { name, secrets = [], signal, startsOthers = false } = program;
  signal?.throwIfAborted();
  const { child, stderr: childStderr, output } = await start(program);
  const stderr = new LastLines(secrets);
  childStderr.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    program.onStderr?.(chunk);
  });

  const kill = (how: NodeJS.Signals) =>
    startsOthers && child.pid !== undefined ? killGroup(child.pid, how) : child.kill(how);
  let forceful: NodeJS.Timeout | undefined;
  const endProcesses = () => {
    kill('SIGTERM');
    forceful ??= setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  const end = (reason: unknown) => {
    // With nobody reading, the pipe would stay full and "close" would never come.
    output.destroy(reason instanceof Error ? reason : undefined);
    endProcesses();
  };
  const stop = () => end(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();

  const letGo = startsOthers && child.pid !== undefined ? endGroupWithUs(child.pid) : undefined;
  const exited = new Promise<ProgramExit>((resolve) => {
    child.once('error', () => child.pid === undefined && resolve({ exitCode: null, signal: null }));
    child.once('exit', (exitCode, endedBy) => {
      resolve({ exitCode, signal: endedBy });
      // "close" comes when those that it left behind are gone too.
      if (startsOthers) endProcesses();
    });
  });
  const closed = new Promise<ProgramExit>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(notStarted(error, name, program.environment['PATH']));
    });
    child.once('close', (exitCode, endedBy) => resolve({ exitCode, signal: endedBy }));
  });
  const consumed = consume(output, { pid: child.pid, exited }).catch((error: unknown) => {
    end(error);
    throw error;
  });

  const [ended, read] = await Promise.allSettled([closed, consumed]);
  clearTimeout(forceful);
  letGo?.();
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (ended.status === 'rejected') throw ended.reason;
  if (read.status === 'rejected') throw read.reason;
  return { ...ended.value, stderr: stderr.text };
}

async function start(program: Program) {
  const { name, args, environment: env } = program;
  const pipe = program.writesMuch ? await NamedPipe.open() : undefined;
  try {
    const child = spawn(name, args, {
      env,
      stdio: ['ignore', pipe?.writeEnd ?? 'pipe', 'pipe'],
      detached: program.startsOthers ?? false,
    });
    return { child, stderr: child.stderr!, output: pipe ?? streamOutput(child.stdout!) };
  } finally {
    if (pipe) closeSync(pipe.writeEnd);
  }
}

/** The whole output of a program that writes little. */
export async function outputOf(program: Program): Promise<ProgramEnd & { stdout: string }> {
  const chunks: Buffer[] = [];
  const end = await runProgram(program, (output) =>
    output.forEach((piece) => void chunks.push(Buffer.from(piece))),
  );
  return { ...end, stdout: Buffer.concat(chunks).toString('utf8') };
}

function notStarted(error: NodeJS.ErrnoException, name: string, path: string | undefined): Error {
  return new ProgramNotFoundError(
    `${name} could not be started (${error.code ?? error.message}) with PATH ${path ?? '(none)'}; install the PostgreSQL client programs in the image, or put their folder on the PATH`,
    { cause: error },
  );
}
