import { setTimeout as wait } from 'node:timers/promises';
import type * as z from 'zod';
import { scrubText } from '../../observability/scrub';
import type { Sensitive } from '../../secrets/client/sensitive';
import { saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import { checked } from './checked';
import {
  SentryAnswerError,
  SentryForbiddenError,
  SentryNotFoundError,
  SentryRefusedError,
  SentryUnauthorizedError,
  SentryUnavailableError,
  SentryUncertainError,
} from './errors';
import { Gate } from './gate';
import { nextCursor } from './pages';
import { type Answer, ATTEMPTS, exhaustedWait, LONGEST_WAIT_MS, waitBeforeRetry } from './retry';
import { type Method, scopeFor } from './scopes';

export interface SentryApiOptions {
  /** `https://sentry.io` */
  readonly url: string;
  readonly organization: string;
  readonly token: Sensitive<string>;
  /** @default the platform's */
  readonly fetch?: typeof fetch;
  /** Waits some milliseconds. @default really */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  /** Milliseconds of the epoch. @default the clock's */
  readonly now?: () => number;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
  /** How many calls are under way at once. @default 4, of the 25 that Sentry allows most callers */
  readonly concurrency?: number;
  /** How long a call may take. @default 20 seconds */
  readonly timeoutMs?: number;
  /** Ends what is under way, and lets nothing more begin. */
  readonly signal?: AbortSignal;
}

/** Sentry's most. */
const PER_PAGE = '100';
/** More pages than any organisation has rules: a list that does not end is a fault. */
const MOST_PAGES = 200;

/**
 * Sentry's API for one organisation. It keeps to Sentry's rate limits, and repeats what failed where repeating does no
 * harm: reads, changes and deletions; of a POST whose answer got lost it says so. The token goes to `url` alone, and is
 * in no error.
 * https://docs.sentry.io/api/
 */
export class SentryApi {
  readonly organization: string;
  private readonly fetch: typeof fetch;
  private readonly sleep: (milliseconds: number) => Promise<unknown>;
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly gate: Gate;
  /** Sentry wants to be left alone until then. */
  private pausedUntil = 0;

  constructor(private readonly options: SentryApiOptions) {
    this.organization = options.organization;
    this.fetch = options.fetch ?? fetch;
    this.sleep = options.sleep ?? ((ms) => wait(ms, undefined, options.signal && { signal: options.signal }));
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.gate = new Gate(options.concurrency ?? 4);
  }

  /**
   * @param path below `/api/0`, with its slash at the end
   * @throws SentryUnauthorizedError, SentryForbiddenError, SentryNotFoundError, SentryRefusedError,
   *   SentryUnavailableError, SentryAnswerError
   */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return checked(schema, (await this.send('GET', path)).body, `GET ${path}`);
  }

  /**
   * Every item of a list, page by page.
   *
   * @throws as {@link get}
   */
  async list<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    query: readonly (readonly [name: string, value: string])[] = [],
  ): Promise<z.output<Schema>[]> {
    const items: z.output<Schema>[] = [];
    const seen = new Set<string>();
    for (let cursor: string | undefined, page = 1; ; page++) {
      const parameters = [
        ...query,
        ['per_page', PER_PAGE],
        ...(cursor === undefined ? [] : [['cursor', cursor]]),
      ];
      const search = new URLSearchParams(parameters as [string, string][]);
      const answer = await this.send('GET', path, undefined, search);
      items.push(...checked(schema.array(), answer.body, `GET ${path}`));
      cursor = nextCursor(answer.headers.get('link'));
      if (cursor === undefined) return items;
      if (seen.has(cursor) || page >= MOST_PAGES) {
        throw new SentryAnswerError(
          `the pages of ${path} do not end: look at https://status.sentry.io and run it again`,
        );
      }
      seen.add(cursor);
    }
  }

  /**
   * @throws as {@link get}, and SentryUncertainError of a POST whose answer got lost
   */
  async change<Schema extends z.ZodType>(
    method: 'POST' | 'PUT',
    path: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    return checked(schema, (await this.send(method, path, body)).body, `${method} ${path}`);
  }

  /** What is gone already is as good as deleted. @throws as {@link get} */
  async delete(path: string): Promise<void> {
    try {
      await this.send('DELETE', path);
    } catch (error) {
      if (!(error instanceof SentryNotFoundError)) throw error;
    }
  }

  /** Waits, as the calls do between two attempts. */
  async pause(milliseconds: number): Promise<void> {
    await this.sleep(milliseconds);
  }

  private async send(method: Method, path: string, body?: object, search?: URLSearchParams): Promise<Answer> {
    const called = `${method} ${path}`;
    const url = `${this.options.url}/api/0${path}${search ? `?${search.toString()}` : ''}`;
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.gate.through(async () => {
        const pause = this.pausedUntil - this.now();
        if (pause > 0) await this.sleep(Math.min(pause, LONGEST_WAIT_MS));
        return await this.attempt(method, url, body);
      });
      const exhausted = exhaustedWait(answer.headers, this.now());
      if (exhausted !== undefined) this.pausedUntil = this.now() + exhausted;
      if (answer.status >= 200 && answer.status < 300) return answer;

      const delay = waitBeforeRetry(answer, {
        attempt,
        isRepeatable: method !== 'POST',
        now: this.now(),
        random: this.random(),
      });
      if (delay === undefined) throw this.refusal(method, path, answer);
      waited += delay;
      if (attempt >= ATTEMPTS || waited > LONGEST_WAIT_MS) {
        throw new SentryUnavailableError(
          `Sentry did not do ${called} in ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'} (${answer.said}): look at https://status.sentry.io and run it again later; what was done stays done`,
        );
      }
      await this.sleep(delay);
    }
  }

  private async attempt(method: Method, url: string, body: object | undefined): Promise<Answer> {
    const { token, timeoutMs = 20_000, signal } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.fetch(url, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${token.reveal()}`,
          'user-agent': 'golive',
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        // Followed, a redirect could take the token to another place.
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const parsed = jsonOrUndefined(await response.text());
      return {
        status: response.status,
        headers: response.headers,
        body: parsed,
        said: saidIn(parsed) ?? (response.statusText || `HTTP ${response.status}`),
      };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      // fetch names the cause one level down.
      const cause = (error as { cause?: unknown } | undefined)?.cause ?? error;
      return { status: 0, headers: new Headers(), body: undefined, said: scrubText(saidBy(cause)) };
    }
  }

  private refusal(method: Method, path: string, { status, said }: Answer): Error {
    const called = `${method} ${path}`;
    if (status === 0 || status === 408 || status >= 500) return new SentryUncertainError(called, said);
    if (status === 401) return new SentryUnauthorizedError(called, said);
    if (status === 403) return new SentryForbiddenError(called, said, scopeFor(method, path));
    if (status === 404) return new SentryNotFoundError(called, this.options.url);
    return new SentryRefusedError(called, status, said);
  }
}

/** Sentry says `{"detail": "…"}`, or problems by field: `{"name": ["This field is required."]}`. */
function saidIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const said = problemsIn(body, []);
  return said.length === 0 ? undefined : scrubText(said.slice(0, 5).join('; ').slice(0, 500));
}

function problemsIn(value: unknown, path: readonly string[]): string[] {
  if (typeof value === 'string') {
    const field = path.filter((name) => name !== 'detail' && !/^\d+$/.test(name)).join('.');
    return [field === '' ? value : `${field}: ${value}`];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => problemsIn(inner, [...path, name]));
}
