import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeLog } from './runtime';

export interface LifecycleOptions {
  /** All of it, milliseconds. */
  readonly deadlineMs: number;
  /** Of that, so long requests are taken as before; at most half of it. */
  readonly delayMs: number;
  /** What is left to do once no request is being answered, such as sending the last traces. */
  readonly finish: () => Promise<void>;
  readonly log: RuntimeLog;
  readonly exit: (code: number) => void;
}

/**
 * How the server ends: it says that it is not ready and serves on, asking for each connection to be closed, for as long as
 * whoever sends requests needs to learn of it; then it takes no more connections and finishes what has begun. Next.js's own
 * end begins with closing the door, and what was on its way to it is lost.
 */
export class Lifecycle {
  #ending: Promise<void> | undefined;

  constructor(private readonly options: LifecycleOptions) {}

  get isStopping(): boolean {
    return this.#ending !== undefined;
  }

  /** For SIGTERM and SIGINT. A second one, or the deadline, cuts it short. */
  signal(name: string, server: Server): void {
    const { log, exit } = this.options;
    if (this.#ending) {
      log.error({ signal: name }, 'a second signal: ending at once');
      exit(1);
      return;
    }
    this.#ending = this.#end(name, server).then(
      () => exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not end in order');
        exit(1);
      },
    );
  }

  async #end(signal: string, server: Server): Promise<void> {
    const { deadlineMs, delayMs, finish, log } = this.options;
    const serveOnMs = Math.min(delayMs, deadlineMs / 2);
    log.info({ signal, serveOnMs, deadlineMs }, 'ending: not ready any more, and serving what still comes');
    let doing = 'serving on';
    const end = async () => {
      // What listens holds the process meanwhile.
      await delay(serveOnMs, undefined, { ref: false });
      doing = 'answering what has begun';
      await closed(server);
      doing = 'sending what is left';
      await finish();
    };
    const late = new Promise<never>((_, reject) => {
      // Unreferenced: it must not hold a process that has ended.
      setTimeout(() => reject(new Error(`${doing} took more than ${deadlineMs} ms`)), deadlineMs).unref();
    });
    await Promise.race([end(), late]);
    log.info({}, 'ended');
  }
}

/** Takes no more connections, closes the idle ones and waits for the others. */
async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
