import type { CacheCommands } from '../../../../services/gateway/src/cache/cache';
import type { Database } from '../../../../services/gateway/src/database/database';

type Members<T> = {
  readonly [K in keyof T]?: T[K] extends (...args: never[]) => unknown ? unknown : Members<T[K]>;
};

/**
 * Stands for a client of which a test says some members: their names are those of the real one, or it does not
 * compile. Whatever else is asked of it is a failure, told by its name.
 */
export function double<T extends object>(members: Members<T>, path = 'it'): T {
  return new Proxy(members, {
    get: (target, name) => {
      if (typeof name === 'symbol' || name === 'then') return undefined;
      const member: unknown = (target as Record<string, unknown>)[name];
      if (member === undefined) throw new Error(`nobody said what ${path}.${name} is`);
      return typeof member === 'object' && member !== null
        ? double<object>(member, `${path}.${name}`)
        : member;
    },
  }) as unknown as T;
}

export const prismaDouble = (members: Members<Database>): Database => double<Database>(members, 'prisma');

/** The cache in memory: what the gateway asks of Redis, with `NX` and without time. */
export class MemoryCache implements Pick<CacheCommands, 'isReady'> {
  readonly values = new Map<string, string>();
  isReady = true;
  /** Thrown by every command while it is set. */
  failure: Error | undefined;
  asked = 0;

  readonly commands = double<CacheCommands>(
    Object.defineProperty(
      {
        get: (key: string) => this.#answer(() => this.values.get(key) ?? null),
        set: (key: string, value: string, options: { condition?: string } = {}) =>
          this.#answer(() => {
            if (options.condition === 'NX' && this.values.has(key)) return null;
            this.values.set(key, value);
            return 'OK';
          }),
        del: (key: string) => this.#answer(() => Number(this.values.delete(key))),
        ping: () => this.#answer(() => 'PONG'),
        eval: () => this.#answer(() => [1, 1000]),
      },
      'isReady',
      { get: () => this.isReady },
    ),
    'redis',
  );

  #answer<T>(work: () => T): Promise<T> {
    this.asked += 1;
    return this.failure ? Promise.reject(this.failure) : Promise.resolve().then(work);
  }
}
