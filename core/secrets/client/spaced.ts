import type { CacheTiming } from './timing';

export interface SpacedRead<T> {
  readonly timing: Pick<CacheTiming, 'now' | 'refreshIntervalMs'>;
  /** Awaited before the read starts. */
  readonly ready?: () => Promise<void>;
  readonly read: () => Promise<T>;
}

/**
 * A read for a herd: who calls before it starts shares it, who calls later gets the next one, and two keep their
 * distance. So each caller learns what was true after the call, and the service sees few of them.
 */
export function spaced<T>({ timing, ready, read }: SpacedRead<T>): () => Promise<T> {
  let lastAt = -Infinity;
  let next: Promise<T> | undefined;
  const start = async (): Promise<T> => {
    await ready?.();
    const waitMs = lastAt + timing.refreshIntervalMs - timing.now();
    // Somebody awaits this, so it keeps the process alive. A clock that was set back must not make it long.
    if (waitMs > 0) await sleep(Math.min(waitMs, timing.refreshIntervalMs));
    await ready?.();
    next = undefined;
    lastAt = timing.now();
    return await read();
  };
  // Not at once: what clears `next` must come after what sets it.
  return () => (next ??= Promise.resolve().then(start));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
