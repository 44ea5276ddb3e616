import type { SecretMetric, SecretsLog } from './metrics';
import type { SecretValue } from './sensitive';
import { spaced } from './spaced';
import type { CacheTiming } from './timing';

export interface CachedSecretOptions {
  readonly name: string;
  /** Reads the current version; is given what is known. */
  readonly read: (known: SecretValue<unknown> | undefined) => Promise<SecretValue<unknown>>;
  readonly timing: CacheTiming;
  readonly onMetric: (metric: SecretMetric) => void;
  readonly log: SecretsLog;
}

/** A background read starts when 70 to 90 % of the cache's life are over, so that a fleet's reads spread out. */
const EARLIEST_REFRESH = 0.7;
const REFRESH_SPREAD = 0.2;
/** After a failure the next read waits 1 s, then twice as long each time, up to these. */
const FIRST_RETRY_MS = 1_000;
/** While a copy can be served nobody waits for the service to recover, so we need not hurry. */
const LONGEST_RETRY_WITH_COPY_MS = 30_000;
/** With no copy each caller fails until the next read. */
const LONGEST_RETRY_WITHOUT_COPY_MS = 4_000;

/** One secret in memory: who may have the copy, and when it is read again. */
export class CachedSecret {
  #copy: { readonly value: SecretValue<unknown>; readonly checkedAt: number } | undefined;
  #failure: { readonly error: unknown; readonly count: number; readonly retryAt: number } | undefined;
  #reading: Promise<SecretValue<unknown>> | undefined;
  readonly #readFromNowOn: () => Promise<SecretValue<unknown>>;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #counts = { hits: 0, misses: 0, stale: 0 };
  readonly #listeners = new Set<(value: SecretValue<unknown>) => void>();

  constructor(private readonly options: CachedSecretOptions) {
    this.#readFromNowOn = spaced({
      timing: options.timing,
      ready: async () => {
        while (this.#reading) await this.#reading.catch(() => undefined);
      },
      read: () => this.#read(),
    });
  }

  get version(): string | undefined {
    return this.#copy?.value.version;
  }

  /** The copy; or, when it has lived its life, a new one; or, when none can be had, the old one up to the limit. */
  async get(): Promise<SecretValue<unknown>> {
    const { now, cacheMs } = this.options.timing;
    if (this.#copy && this.#ageMs() < cacheMs) {
      this.#counts.hits += 1;
      return this.#copy.value;
    }
    if (this.#failure && now() < this.#failure.retryAt) return this.#stale(this.#failure.error);
    this.#counts.misses += 1;
    try {
      return await this.#read();
    } catch (error) {
      return this.#stale(error);
    }
  }

  /**
   * What a read says that started after this call; or the copy at once, when it is another version than the one that
   * failed. Callers share the read, and reads keep their distance: callers wait rather than get an old answer.
   *
   * @throws what reading throws, also when there is a copy: it would be the one that failed
   */
  async refresh(failedVersion = this.version): Promise<SecretValue<unknown>> {
    const newer = (): SecretValue<unknown> | undefined =>
      this.#copy && this.#copy.value.version !== failedVersion ? this.#copy.value : undefined;
    // One that is under way may have been answered before the failure; but if it brings another version, that will do.
    if (!newer() && this.#reading) await this.#reading.catch(() => undefined);
    return newer() ?? (await this.#readFromNowOn());
  }

  /** Calls back with each further version, after it has become the copy. */
  onChange(listener: (value: SecretValue<unknown>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.#emitCounts();
  }

  #read(): Promise<SecretValue<unknown>> {
    this.#reading ??= this.options
      .read(this.#copy?.value)
      .then(
        (value) => this.#accept(value),
        (error: unknown) => {
          this.#refuse(error);
          throw error;
        },
      )
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #accept(value: SecretValue<unknown>): SecretValue<unknown> {
    const { name, log, timing } = this.options;
    const before = this.#copy?.value.version;
    this.#copy = { value, checkedAt: timing.now() };
    this.#failure = undefined;
    this.#emitCounts();
    this.#emit('SecretRefreshFailures', 'Count', 0);
    this.#emitAges();
    this.#readAgainIn(timing.cacheMs * (EARLIEST_REFRESH + REFRESH_SPREAD * timing.jitter()));
    if (before !== undefined && before !== value.version) {
      log.info('secret has a new version', { secret: name, from: before, to: value.version });
      this.#tell(value);
    }
    return value;
  }

  /** What a listener throws is its own trouble: the read has worked. */
  #tell(value: SecretValue<unknown>): void {
    const { name, log } = this.options;
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        log.warn('a listener to a secret failed', { secret: name, error });
      }
    }
  }

  #refuse(error: unknown): void {
    const { name, log, timing } = this.options;
    const count = (this.#failure?.count ?? 0) + 1;
    const longestMs = this.#isServeable() ? LONGEST_RETRY_WITH_COPY_MS : LONGEST_RETRY_WITHOUT_COPY_MS;
    const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** (count - 1), longestMs);
    // Half of it by chance: those that failed together need not come back together.
    const waitMs = backoffMs * (0.5 + 0.5 * timing.jitter());
    this.#failure = { error, count, retryAt: timing.now() + waitMs };
    this.#emitCounts();
    this.#emit('SecretRefreshFailures', 'Count', 1);
    this.#emitAges();
    log.warn('secret could not be refreshed', {
      secret: name,
      failures: count,
      versionInUse: this.#isServeable() ? this.version : undefined,
      error,
    });
    this.#readAgainIn(waitMs);
  }

  #stale(error: unknown): SecretValue<unknown> {
    if (!this.#copy || !this.#isServeable()) throw error;
    this.#counts.stale += 1;
    return this.#copy.value;
  }

  #isServeable(): boolean {
    return this.#copy !== undefined && this.#ageMs() <= this.options.timing.staleLimitMs;
  }

  #ageMs(): number {
    // A clock that was set back makes nothing younger than new.
    return this.#copy ? Math.max(0, this.options.timing.now() - this.#copy.checkedAt) : Infinity;
  }

  /** In the background; never keeps a process alive. */
  #readAgainIn(waitMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#read().catch(() => undefined);
    }, waitMs);
    this.#timer.unref();
  }

  #emitCounts(): void {
    const { hits, misses, stale } = this.#counts;
    this.#counts = { hits: 0, misses: 0, stale: 0 };
    this.#emit('SecretCacheHits', 'Count', hits);
    this.#emit('SecretCacheMisses', 'Count', misses);
    this.#emit('SecretStaleServes', 'Count', stale);
  }

  #emitAges(): void {
    if (!this.#copy) return;
    const { createdAt } = this.#copy.value;
    this.#emit('SecretCacheAge', 'Seconds', this.#ageMs() / 1000);
    if (createdAt) {
      const ageMs = this.options.timing.now() - createdAt.getTime();
      this.#emit('SecretVersionAge', 'Seconds', Math.max(0, ageMs) / 1000);
    }
  }

  #emit(name: SecretMetric['name'], unit: SecretMetric['unit'], value: number): void {
    this.options.onMetric({ name, unit, value, secret: this.options.name });
  }
}
