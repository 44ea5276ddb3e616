import { setTimeout as delay } from 'node:timers/promises';

export interface LifecycleOptions {
  /** All of it, milliseconds. */
  readonly deadlineMs: number;
  /** Of that, so long it serves on after the first signal; at most half of it. */
  readonly delayMs: number;
  /** In this order, one after the other, after the delay: stop listening, finish, close, flush. */
  readonly steps: readonly (readonly [name: string, step: () => Promise<unknown>])[];
  readonly log: {
    info(details: object, message: string): void;
    error(details: object, message: string): void;
  };
  readonly exit: (code: number) => void;
}

/** The end of a process: the first signal begins it, and a second one, or the deadline, cuts it short. */
export class Lifecycle {
  #stopping: Promise<void> | undefined;

  constructor(private readonly options: LifecycleOptions) {}

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** For SIGTERM and SIGINT. */
  signal(name: string): void {
    const { log, exit } = this.options;
    if (this.#stopping) {
      log.error({ signal: name }, 'a second signal: ending at once');
      exit(1);
      return;
    }
    this.#stopping = this.#stop(name).then(
      () => exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not end in order');
        exit(1);
      },
    );
  }

  async #stop(signal: string): Promise<void> {
    const { deadlineMs, delayMs, steps, log } = this.options;
    const waitMs = Math.min(delayMs, deadlineMs / 2);
    log.info(
      { signal, servingOnMs: waitMs, deadlineMs },
      'ending: not ready any more, and serving what still comes',
    );
    const deadline = AbortSignal.timeout(deadlineMs);
    let current = 'serving on';
    const late = new Promise<never>((_, reject) => {
      deadline.addEventListener('abort', () =>
        reject(new Error(`${current} took too long: all was to end within ${deadlineMs} ms`)),
      );
    });
    const work = async (): Promise<void> => {
      await delay(waitMs);
      for (const [name, step] of steps) {
        current = name;
        await step();
      }
    };
    await Promise.race([work(), late]);
    log.info({}, 'ended');
  }
}
