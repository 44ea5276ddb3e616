import { setTimeout as wait } from 'node:timers/promises';

/** Time as an argument, so that hours of waiting can be tested in none. */
export interface Clock {
  now(): Date;
  /** Rejects when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal && { signal }),
};
