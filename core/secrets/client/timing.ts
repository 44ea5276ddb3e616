/** How long copies of secrets live. */
export interface TimingOptions {
  /** How long a copy is served without asking again. @default 300 */
  readonly cacheSeconds?: number;
  /**
   * How old a copy may be served when Secrets Manager does not answer, or holds something that the schema refuses.
   * @default 3600
   */
  readonly staleLimitSeconds?: number;
  /** The shortest time between two reads of a secret that `refresh` or `pending` ask for. @default 1 */
  readonly refreshIntervalSeconds?: number;
  /** Milliseconds of the epoch. @default Date.now */
  readonly now?: () => number;
  /** In [0, 1). @default Math.random */
  readonly jitter?: () => number;
}

export interface CacheTiming {
  readonly cacheMs: number;
  readonly staleLimitMs: number;
  readonly refreshIntervalMs: number;
  readonly now: () => number;
  readonly jitter: () => number;
}

/** Not `performance.now`: that one stands still while Lambda keeps a function frozen, and the secret grows older. */
export function timingOf(options: TimingOptions): CacheTiming {
  const { cacheSeconds = 300, staleLimitSeconds = 3600, refreshIntervalSeconds = 1 } = options;
  return {
    cacheMs: cacheSeconds * 1000,
    staleLimitMs: staleLimitSeconds * 1000,
    refreshIntervalMs: refreshIntervalSeconds * 1000,
    now: options.now ?? Date.now,
    jitter: options.jitter ?? Math.random,
  };
}

/** What is wrong with them, in words; empty when nothing is. */
export function timingProblems(options: TimingOptions): string[] {
  const { cacheMs, staleLimitMs, refreshIntervalMs } = timingOf(options);
  const rules: readonly (readonly [isKept: boolean, rule: string])[] = [
    // Beyond a day it would follow no rotation, and Node's timers end at 24 days.
    [cacheMs > 0 && cacheMs <= 86_400_000, 'cacheSeconds must be more than 0 and at most 86400'],
    [staleLimitMs >= cacheMs, 'staleLimitSeconds must be at least cacheSeconds'],
    [refreshIntervalMs >= 0 && refreshIntervalMs <= 60_000, 'refreshIntervalSeconds must be from 0 to 60'],
  ];
  return rules.filter(([isKept]) => !isKept).map(([, rule]) => rule);
}
