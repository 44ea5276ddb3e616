import type * as z from 'zod';
import { jsonOrUndefined } from '../../../../core/shared/json';
import type { Cache } from './cache';

/** What became of a look into the cache; `away` when it could not be asked. */
export type CacheOutcome = 'hit' | 'miss' | 'away';

export interface CachedReadsOptions<T> {
  readonly cache: Cache;
  /** Before every key. Give it a version: an old and a new gateway run side by side. */
  readonly prefix: string;
  /** Another shape is as good as nothing. */
  readonly schema: z.ZodType<T>;
  /** How long a copy lives, seconds: the longest that a change can go unnoticed, if the cache was away when it came. */
  readonly seconds: number;
  readonly onOutcome?: (prefix: string, outcome: CacheOutcome) => void;
}

/**
 * For so long after a change nothing is cached. Whoever read the row before the change has written it here or given
 * up by then: a statement may take five seconds.
 */
const TOMBSTONE_SECONDS = 10;
/** No copy, for it is no JSON. */
const TOMBSTONE = '';

/** Rows that are read by their id, with copies in the cache. */
export class CachedReads<T> {
  constructor(private readonly options: CachedReadsOptions<T>) {}

  /** The copy, or what `load` gives. Nothing is not kept. Throws what `load` throws, and never for the cache. */
  async read(id: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const { outcome, value } = await this.#look(id);
    this.options.onOutcome?.(this.options.prefix, outcome);
    if (value !== undefined) return value;
    const loaded = await load();
    if (loaded !== undefined && outcome === 'miss') await this.#keep(id, loaded);
    return loaded;
  }

  /**
   * After a change: no copy is given any more.
   *
   * @returns false when the cache is away. Other tasks that still reach it may give the copy until it has lived its life.
   */
  async forget(id: string): Promise<boolean> {
    return await this.options.cache
      .run((commands) => commands.set(this.#key(id), TOMBSTONE, { EX: TOMBSTONE_SECONDS }))
      .then(
        () => true,
        () => false,
      );
  }

  async #look(id: string): Promise<{ outcome: CacheOutcome; value?: T }> {
    let text: string | null;
    try {
      text = await this.options.cache.run((commands) => commands.get(this.#key(id)));
    } catch {
      return { outcome: 'away' };
    }
    const parsed = this.options.schema.safeParse(jsonOrUndefined(text ?? undefined));
    return parsed.success ? { outcome: 'hit', value: parsed.data } : { outcome: 'miss' };
  }

  /** Only where there is nothing: neither a newer copy nor the mark of a change. */
  async #keep(id: string, value: T): Promise<void> {
    const { cache, seconds } = this.options;
    await cache
      .run((commands) =>
        commands.set(this.#key(id), JSON.stringify(value), {
          condition: 'NX',
          expiration: { type: 'EX', value: seconds },
        }),
      )
      .catch(() => undefined);
  }

  #key(id: string): string {
    return `${this.options.prefix}:${id}`;
  }
}
