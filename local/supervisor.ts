import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoLiveError } from '../core/shared/errors';

/** A long-running program that the local platform needs. */
export interface ServiceSpecification {
  /** Unique within one supervisor. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Another user to run as; PostgreSQL refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Where its output goes; read it when the service does not come up. */
  readonly logFile: string;
  /** The signal that stops it at once and cleanly. Killed five seconds later. */
  readonly stopSignal: NodeJS.Signals;
}

export interface ServiceExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class SupervisorError extends GoLiveError {
  readonly code = 'SupervisorError';
}

type Answer = { id: number; pid?: number; error?: string } | { exited: ServiceExit };

/**
 * The parent's side of `supervisor-process.mjs`: starts services and temporary folders that cannot outlive this
 * process, however it ends.
 */
export class Supervisor {
  private readonly pending = new Map<number, (answer: { pid?: number; error?: string }) => void>();
  private readonly exitListeners = new Set<(exit: ServiceExit) => void>();
  private nextId = 1;
  private stopped: Promise<void> | undefined;

  private constructor(private readonly process: ChildProcess) {
    process.on('message', (message: Answer) => {
      if ('exited' in message) this.exitListeners.forEach((listener) => listener(message.exited));
      else this.take(message.id)?.(message);
    });
    process.on('exit', () => {
      for (const id of [...this.pending.keys()]) this.take(id)?.({ error: 'the supervisor has ended' });
    });
  }

  static start(): Supervisor {
    const child = fork(join(__dirname, 'supervisor-process.mjs'), [], {
      // Its own session, so that Ctrl-C in the terminal reaches us alone and it can still clean up.
      detached: true,
      execArgv: [],
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // An idle platform does not keep its process alive.
    child.unref();
    child.channel?.unref();
    return new Supervisor(child);
  }

  /** A new temporary folder that goes with the supervisor. */
  async temporaryFolder(prefix: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), prefix));
    await this.request({ own: folder });
    return folder;
  }

  /** @returns the service's process id, once it is running (which is before it is ready) */
  async startService(specification: ServiceSpecification): Promise<number> {
    const { user, ...rest } = specification;
    const { pid } = await this.request({ start: { ...rest, uid: user?.uid, gid: user?.gid } });
    if (pid === undefined) throw new SupervisorError(`${specification.name} did not start: read its log`);
    return pid;
  }

  async stopService(name: string): Promise<void> {
    await this.request({ stop: name });
  }

  /** Calls back when a service ends, asked for or not; returns how to stop listening. */
  onServiceExit(listener: (exit: ServiceExit) => void): () => void {
    this.exitListeners.add(listener);
    return () => this.exitListeners.delete(listener);
  }

  /** Stops every service and removes every folder. Idempotent. */
  stop(): Promise<void> {
    this.stopped ??= new Promise<void>((resolve) => {
      if (this.process.exitCode !== null || !this.process.connected) return resolve();
      this.process.ref();
      this.process.once('exit', () => resolve());
      this.process.send({ id: 0, shutdown: true });
    });
    return this.stopped;
  }

  private async request(message: object): Promise<{ pid?: number }> {
    const id = this.nextId++;
    const answer = await new Promise<{ pid?: number; error?: string }>((resolve) => {
      this.pending.set(id, resolve);
      this.process.channel?.ref();
      this.process.send({ id, ...message }, (error) => {
        if (error) this.take(id)?.({ error: error.message });
      });
    });
    if (answer.error !== undefined) throw new SupervisorError(answer.error);
    return answer;
  }

  private take(id: number): ((answer: { pid?: number; error?: string }) => void) | undefined {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size === 0) this.process.channel?.unref();
    return waiting;
  }
}
