import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Cache, CacheCommands } from '../cache/cache';

/** So many in so long a time. */
export interface LimitPolicy {
  /** Stands in the headers and in the cache's keys. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** How much of a limit is left to whoever asks. */
export interface LimitState {
  readonly policy: LimitPolicy;
  readonly remaining: number;
  /** Until there is all of it again. */
  readonly resetSeconds: number;
  readonly isExceeded: boolean;
}

/**
 * Counts in the cache, over all tasks; in this task's memory while the cache is away, where each task then allows the
 * whole of it. Never fails.
 */
export class Limiter {
  readonly #limiter: RateLimiterRedis;

  constructor(
    readonly policy: LimitPolicy,
    cache: Cache,
    private readonly onExceeded: (policy: string) => void = () => undefined,
  ) {
    const { name, points, seconds } = policy;
    this.#limiter = new RateLimiterRedis({
      storeClient: storeOf(cache),
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
      keyPrefix: `golive:limit:${name}`,
      points,
      duration: seconds,
      // Who is over the limit costs no more questions to the cache.
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix: name, points, duration: seconds }),
    });
  }

  /** Counts one. */
  async take(key: string): Promise<LimitState> {
    try {
      return this.#state(await this.#limiter.consume(key), false);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      this.onExceeded(this.policy.name);
      return this.#state(error, true);
    }
  }

  /** Forgets what was counted. */
  async forgive(key: string): Promise<void> {
    await this.#limiter.delete(key).catch(() => undefined);
  }

  #state({ remainingPoints, msBeforeNext }: RateLimiterRes, isExceeded: boolean): LimitState {
    return {
      policy: this.policy,
      remaining: isExceeded ? 0 : remainingPoints,
      resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
      isExceeded,
    };
  }
}

/** The part of a client of Redis that the limiter uses, with the cache's own time-outs. */
function storeOf(cache: Cache): Pick<CacheCommands, 'isReady' | 'eval' | 'del'> {
  const evaluate: CacheCommands['eval'] = (script, options) =>
    cache.run((commands) => commands.eval(script, options));
  const remove: CacheCommands['del'] = (keys) => cache.run((commands) => commands.del(keys));
  return {
    get isReady() {
      return cache.isReady;
    },
    eval: evaluate,
    del: remove,
  };
}
