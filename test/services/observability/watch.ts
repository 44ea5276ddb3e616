import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';

/** What the service is told. */
export interface ServiceJob {
  /** Where spans go. @default tracing is off */
  readonly endpoint?: string;
  /** @default 1 */
  readonly sampleRatio?: number;
  readonly dsn?: string;
  readonly redis?: {
    readonly port: number;
    readonly ca: string;
    readonly username: string;
    readonly password: string;
  };
  readonly postgres?: PostgresEndpoint;
}

export interface ServiceReady {
  readonly port: number;
}

/** A service in a process of its own, and what it wrote. */
export interface WatchedService {
  readonly url: string;
  /** Every line of its log. */
  readonly lines: Record<string, unknown>[];
  /** Makes it throw where nobody catches; resolves with its exit code. */
  throwUncaught(): Promise<number | null>;
  /** Resolves with its exit code, once what it had to send has left. */
  stop(): Promise<number | null>;
}

export async function watchService(job: ServiceJob): Promise<WatchedService> {
  const child = fork(join(__dirname, 'observed-service.ts'), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines: Record<string, unknown>[] = [];
  const ready = new Promise<ServiceReady>((resolve, reject) => {
    child.on('message', (message: ServiceReady | { line: string }) => {
      if ('line' in message) lines.push(JSON.parse(message.line) as Record<string, unknown>);
      else resolve(message);
    });
    void exited.then((code) => reject(new Error(`the service ended with ${code} before it was ready`)));
  });
  child.send(job);
  const { port } = await ready;
  const tell = (message: string) => {
    if (child.connected) child.send(message);
    return exited;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    lines,
    throwUncaught: () => tell('throw'),
    stop: () => tell('stop'),
  };
}
