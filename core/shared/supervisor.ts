import { fork, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoLiveError } from './errors';

/** A program that must not outlive us, such as a server. */
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
  /** A file that it reads as its standard input. @default none */
  readonly inputFile?: string;
}

/** How a service is stopped otherwise than its specification says. */
export interface StopOptions {
  readonly signal?: NodeJS.Signals;
  /** It is killed after so long, milliseconds. @default 5000 */
  readonly graceMs?: number;
}

export interface ServiceExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class SupervisorError extends GoLiveError {
  readonly code = 'SupervisorError';
}

interface Reply {
  readonly pid?: number;
  readonly folder?: string;
  readonly exit?: ServiceExit;
  readonly error?: string;
}

type Answer = ({ id: number } & Reply) | { exited: ServiceExit };

/**
 * The parent's side of `supervisor-process.mjs`: starts services and temporary folders that cannot outlive this
 * process, however it ends.
 */
export class Supervisor {
  private readonly pending = new Map<number, (answer: Reply) => void>();
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
      // Each program is given an environment of its own.
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Services that nobody waits for do not keep our process alive.
    child.unref();
    child.channel?.unref();
    return new Supervisor(child);
  }

  /**
   * A new temporary folder that goes with the supervisor.
   *
   * @param parent where; the machine's folder for temporary files unless told
   */
  async temporaryFolder(prefix: string, parent = tmpdir()): Promise<string> {
    const { folder } = await this.request({ makeFolder: join(parent, prefix) });
    if (folder === undefined) throw new SupervisorError('the supervisor made no folder: try again');
    return folder;
  }

  /** Runs a program to its end. Like a service, it is stopped, with its children, when this process goes. */
  async run(specification: ServiceSpecification): Promise<ServiceExit> {
    const { user, ...rest } = specification;
    const { exit } = await this.request({ run: { ...rest, uid: user?.uid, gid: user?.gid } });
    if (!exit) throw new SupervisorError(`${specification.name} did not end: read its log`);
    return exit;
  }

  /** @returns the service's process id, once it is running (which is before it is ready) */
  async startService(specification: ServiceSpecification): Promise<number> {
    const { user, ...rest } = specification;
    const { pid } = await this.request({ start: { ...rest, uid: user?.uid, gid: user?.gid } });
    if (pid === undefined) throw new SupervisorError(`${specification.name} did not start: read its log`);
    return pid;
  }

  async stopService(name: string, how: StopOptions = {}): Promise<void> {
    await this.request({ stop: name, ...how });
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

  private async request(message: object): Promise<Reply> {
    const id = this.nextId++;
    const answer = await new Promise<Reply>((resolve) => {
      this.pending.set(id, resolve);
      this.process.channel?.ref();
      this.process.send({ id, ...message }, (error) => {
        if (error) this.take(id)?.({ error: error.message });
      });
    });
    if (answer.error !== undefined) throw new SupervisorError(answer.error);
    return answer;
  }

  private take(id: number): ((answer: Reply) => void) | undefined {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size === 0) this.process.channel?.unref();
    return waiting;
  }
}
