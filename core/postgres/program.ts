import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ProgramNotFoundError } from './errors';
import { LastLines } from './last-lines';

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
  /** Ends the child. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last words, without the secrets. */
  readonly stderr: string;
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
  consume: (stdout: Readable) => Promise<void>,
): Promise<ProgramEnd> {
  const { name, args, environment, secrets = [], signal } = program;
  signal?.throwIfAborted();
  const child = spawn(name, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], shell: false });
  const stderr = new LastLines(secrets);
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    program.onStderr?.(chunk);
  });
  // The consumer hears of it too; without a listener, destroying the stream would end our process.
  child.stdout.on('error', () => undefined);

  let forceful: NodeJS.Timeout | undefined;
  const end = (reason: unknown) => {
    // With nobody reading, the pipe would stay full and "close" would never come.
    child.stdout.destroy(reason instanceof Error ? reason : undefined);
    child.kill('SIGTERM');
    forceful ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const stop = () => end(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });

  const closed = new Promise<Pick<ProgramEnd, 'exitCode' | 'signal'>>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(notStarted(error, name, environment['PATH']));
    });
    child.once('close', (exitCode, endedBy) => resolve({ exitCode, signal: endedBy }));
  });
  const consumed = consume(child.stdout).catch((error: unknown) => {
    end(error);
    throw error;
  });

  const [ended, read] = await Promise.allSettled([closed, consumed]);
  clearTimeout(forceful);
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (ended.status === 'rejected') throw ended.reason;
  if (read.status === 'rejected') throw read.reason;
  return { ...ended.value, stderr: stderr.text };
}

/** The whole output of a program that writes little. */
export async function outputOf(program: Program): Promise<ProgramEnd & { stdout: string }> {
  const chunks: Buffer[] = [];
  const end = await runProgram(program, async (stdout) => {
    for await (const chunk of stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  });
  return { ...end, stdout: Buffer.concat(chunks).toString('utf8') };
}

function notStarted(error: NodeJS.ErrnoException, name: string, path: string | undefined): Error {
  return new ProgramNotFoundError(
    `${name} could not be started (${error.code ?? error.message}) with PATH ${path ?? '(none)'}; install the PostgreSQL client programs in the image, or put their folder on the PATH`,
    { cause: error },
  );
}
