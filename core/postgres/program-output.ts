import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { ProgramNotFoundError } from './errors';
import { inTemporaryFolder } from '../shared/temporary-folder';

/** What a program writes, for one reader. */
export interface ProgramOutput {
  /**
   * Hands over every piece in order, none before the last one was taken, and returns at the output's end. A piece's
   * memory is used again once it was taken: copy what is to stay.
   *
   * @throws what `take` throws, and the reason for {@link destroy}
   */
  forEach(take: (piece: Buffer) => Promise<void> | void): Promise<void>;
  /** Reads no more; whoever still writes is told by EPIPE or SIGPIPE. */
  destroy(reason?: Error): void;
}

/** The output that comes by a stream, such as a child's stdout. */
export function streamOutput(stream: Readable): ProgramOutput {
  const failed = new Promise<never>((_resolve, reject) => stream.once('error', reject));
  // The consumer hears of it too; with nobody to hear, destroying the stream would end our process.
  failed.catch(() => undefined);
  return {
    async forEach(take) {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        const taking = take(piece);
        // Who takes it may wait for ever.
        if (taking) await Promise.race([taking, failed]);
      }
    },
    destroy: (reason = unwanted()) => void stream.destroy(reason),
  };
}

const unwanted = () => new Error('the output is not wanted any more');

const PIECE_BYTES = 65_536;

/** A piece as small as this means that we read faster than is written. */
const SMALL_PIECE_BYTES = 16_384;
/** Then we sleep, the whole thread, so that more gathers: half of what fills a pipe of 64 KiB at 64 MB/s. */
const NAP_MS = 0.5;
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

/**
 * A named pipe that a child writes to and we read from, for much output. The "pipes" that Node gives a child are
 * pairs of sockets: up to version 16, and with gzip, pg_dump writes 4 KiB at a time, and each is a message, an event
 * and 64 KiB of fresh memory here, which takes four times the processor: docs/decisions/0303-a-pipe-for-pg-dump.md.
 */
export class NamedPipe implements ProgramOutput {
  private readEnd: number | undefined;
  private socket: Socket | undefined;
  private destroyedBy: { readonly reason: Error } | undefined;

  private constructor(
    readEnd: number,
    /** For the child. To be closed here when the child has it: the output ends when nobody holds it any more. */
    readonly writeEnd: number,
  ) {
    this.readEnd = readEnd;
  }

  /**
   * Leaves no file behind: once both ends are open, the name is gone.
   *
   * @throws ProgramNotFoundError, TemporaryFolderError
   */
  static async open(): Promise<NamedPipe> {
    const making = 'the pipe for a program’s output could not be made';
    const folder = await inTemporaryFolder(making, () =>
      mkdtemp(join(tmpdir(), `golive-pipe-${process.pid}-`)),
    );
    try {
      const path = join(folder, 'pipe');
      await inTemporaryFolder(making, () => makePipe(path));
      // Does not wait for a writer; the writer then finds a reader, and its own end does wait.
      const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return new NamedPipe(readEnd, openSync(path, constants.O_WRONLY));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async forEach(take: (piece: Buffer) => Promise<void> | void): Promise<void> {
    if (this.destroyedBy) throw this.destroyedBy.reason;
    const memory = Buffer.allocUnsafeSlow(PIECE_BYTES);
    await new Promise<void>((resolve, reject) => {
      const taken = (piece: Buffer): boolean => {
        try {
          const waiting = take(piece);
          if (!waiting) {
            // Being woken for every 4 KiB takes the writer's processor from it, 50,000 times in 400 MB.
            if (piece.length < SMALL_PIECE_BYTES) Atomics.wait(NOBODY_WAKES, 0, 0, NAP_MS);
            return true;
          }
          waiting.then(() => this.socket?.resume(), fail);
        } catch (error) {
          fail(error);
        }
        return false;
      };
      const fail = (thrown: unknown) => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        reject(error);
        this.destroy(error);
      };
      const options: SocketConstructorOpts & Pick<ConnectOpts, 'onread'> = {
        writable: false,
        onread: { buffer: memory, callback: (length) => taken(memory.subarray(0, length)) },
      };
      if (this.readEnd !== undefined) options.fd = this.readEnd;
      this.socket = new Socket(options);
      this.readEnd = undefined;
      this.socket.once('end', resolve);
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(this.destroyedBy?.reason ?? new Error('the pipe was closed')));
    });
  }

  destroy(reason = unwanted()): void {
    this.destroyedBy ??= { reason };
    this.socket?.destroy();
    if (this.readEnd !== undefined) closeSync(this.readEnd);
    this.readEnd = undefined;
  }
}

/** Node has no call for it. */
async function makePipe(path: string): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ProgramNotFoundError(
      'mkfifo is not on the PATH; install the coreutils, or a machine of POSIX kind',
      { cause: error },
    );
  }
}
