import type { OtelOptions } from '../options';

/**
 * Decides for each trace that begins here whether it is recorded: a share of them, and at most so many a second (a token
 * bucket that holds one second's).
 *
 * @param now milliseconds, of a clock that never goes back
 */
export function newTraces(
  { sampleRatio, tracesPerSecond = Infinity }: Pick<OtelOptions, 'sampleRatio' | 'tracesPerSecond'>,
  now: () => number = () => performance.now(),
): () => boolean {
  let left = tracesPerSecond;
  let countedAt = now();
  return () => {
    if (Math.random() >= sampleRatio) return false;
    if (tracesPerSecond === Infinity) return true;
    const at = now();
    left = Math.min(tracesPerSecond, left + ((at - countedAt) / 1000) * tracesPerSecond);
    countedAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
