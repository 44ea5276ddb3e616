import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type Operation =
  | 'CreateBucket'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'PutObject'
  | 'HeadObject'
  | 'GetObject'
  | 'ListObjectsV2';

/** Something that goes wrong with an operation. */
export interface Fault {
  readonly operation: Operation;
  /**
   * - `refuse`: an error of S3, by `status` and `code`
   * - `refuse-with-200`: an error in a 200, as CompleteMultipartUpload may give it
   * - `cut`: the connection breaks in the middle of the request's body
   * - `cut-answer`: the work is done, and the connection breaks before the answer
   * - `hang`: never answers
   * - `slow`: begins to read after `ms`
   * - `ignore`: an abort that has no effect yet
   * - `wrong-checksum`: HeadObject tells of other bytes
   */
  readonly kind:
    'refuse' | 'refuse-with-200' | 'cut' | 'cut-answer' | 'hang' | 'slow' | 'ignore' | 'wrong-checksum';
  readonly ms?: number;
  readonly status?: number;
  readonly code?: string;
  /** How many go well first. @default 0 */
  after?: number;
  /** How often it happens. @default always */
  times?: number;
}

export interface LoopbackState {
  /** Uploads that are neither completed nor aborted. */
  readonly uploads: number;
  /** By `/bucket/key`. */
  readonly objects: Readonly<Record<string, { readonly bytes: number; readonly checksum: string }>>;
  /** How often each operation was asked for. */
  readonly counts: Partial<Record<Operation, number>>;
}

export type ToLoopback =
  | ({ readonly type: 'listen' } & LoopbackOptions)
  | { readonly type: 'inject'; readonly faults: Fault[] }
  | { readonly type: 'state' };

export interface LoopbackOptions {
  /** Serve HTTPS with this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /**
   * Take a part's checksum from its header. S3 computes it on processors of its own; here that would be taken from
   * those that are measured.
   * @default false - compute it, and refuse what differs
   */
  readonly trustChecksums?: boolean;
  /**
   * A folder to keep the bytes of archives in, so that they can be fetched.
   * @default - they are thrown away
   */
  readonly keepIn?: string;
}

/** As much of S3 as a dump uses, on this machine. */
export interface LoopbackS3 {
  readonly endpoint: string;
  readonly pid: number;
  /** Replaces the faults. */
  inject(...faults: Fault[]): Promise<void>;
  state(): Promise<LoopbackState>;
  stop(): Promise<void>;
}

/**
 * Starts a double of S3 in a process of its own, so that it takes nothing from the Node process that is
 * measured. It throws the bytes away unless told to keep them, but hashes them, checks what S3 checks, and can be told to fail. It is not
 * the bottleneck that an emulator in Python is, and knows faults that one cannot make.
 */
export async function startLoopbackS3(options: LoopbackOptions = {}): Promise<LoopbackS3> {
  const child = fork(join(__dirname, 'loopback-s3-server.ts'), [], { execArgv: ['--import', 'tsx'] });
  const ask = async <T>(message: ToLoopback): Promise<T> => {
    const answer = once(child, 'message');
    child.send(message);
    return (await answer)[0] as T;
  };
  const { port } = await ask<{ port: number }>({ type: 'listen', ...options });
  return {
    endpoint: `${options.tls ? 'https' : 'http'}://localhost:${port}`,
    pid: child.pid!,
    inject: (...faults) => ask({ type: 'inject', faults }),
    state: () => ask({ type: 'state' }),
    stop: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
