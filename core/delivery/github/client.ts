import { setTimeout as wait } from 'node:timers/promises';
import { saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import { GitHubRefusedError, GitHubUnavailableError } from './errors';

export interface GitHubOptions {
  /** Such as `https://api.github.com`, as a workflow's GITHUB_API_URL tells it. */
  readonly apiUrl: string;
  readonly token: string;
  /** `owner/name` */
  readonly repository: string;
  /** @default the platform's */
  readonly fetch?: typeof fetch;
  /** Waits some milliseconds. @default really */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  /** @default the clock's */
  readonly now?: () => number;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** How often a call is made in all, and how long it waits for GitHub altogether, milliseconds. */
const ATTEMPTS = 5;
const LONGEST_WAIT = 5 * 60_000;
const TIMEOUT = 30_000;
/** GitHub's most. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
const PER_PAGE = 100;

/**
 * GitHub's REST API for one repository. A call that GitHub asks to repeat is repeated when it says; one that met a fault of
 * its own is repeated after a while, when repeating it does no harm. The token is in no error.
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export class GitHub {
  private readonly fetch: typeof fetch;
  private readonly sleep: (milliseconds: number) => Promise<unknown>;
  private readonly now: () => number;

  constructor(private readonly options: GitHubOptions) {
    this.fetch = options.fetch ?? fetch;
    this.sleep = options.sleep ?? wait;
    this.now = options.now ?? Date.now;
  }

  /**
   * @param path below the repository: `/issues/7/comments`
   * @throws GitHubRefusedError, GitHubUnavailableError
   */
  async call(method: Method, path: string, body?: object): Promise<unknown> {
    return (await this.send(method, this.urlOf(path), body)).body;
  }

  /**
   * Every item of a list, page by page, as it is asked for.
   *
   * @throws GitHubRefusedError, GitHubUnavailableError
   */
  async *list(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator {
    const first = new URL(this.urlOf(path));
    for (const [name, value] of Object.entries({ ...query, per_page: String(PER_PAGE) }))
      first.searchParams.set(name, value);
    for (let url: string | undefined = first.href; url !== undefined;) {
      const page: Answer = await this.send('GET', url);
      if (!Array.isArray(page.body))
        throw new GitHubRefusedError(
          `GitHub gave no list for ${path}: look at https://www.githubstatus.com and try again`,
          200,
        );
      yield* page.body;
      url = this.nextOf(page.headers);
    }
  }

  private urlOf(path: string): string {
    return `${this.options.apiUrl}/repos/${this.options.repository}${path}`;
  }

  /** Only of the same API: the token goes nowhere else. */
  private nextOf(headers: Headers): string | undefined {
    const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
    return next !== undefined && new URL(next).origin === new URL(this.options.apiUrl).origin
      ? next
      : undefined;
  }

  private async send(method: Method, url: string, body?: object): Promise<Answer> {
    const { pathname } = new URL(url);
    const called = `${method} ${pathname}`;
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.attempt(method, url, body);
      if (answer.ok) return answer;
      const delay = this.delayBefore(answer, method, attempt);
      if (delay === undefined) throw refusal(called, answer);
      waited += delay;
      if (attempt >= ATTEMPTS || waited > LONGEST_WAIT)
        throw new GitHubUnavailableError(
          `GitHub did not do ${called} in ${attempt} attempts (${answer.says}): run the job again later`,
        );
      await this.sleep(delay);
    }
  }

  private async attempt(method: Method, url: string, body?: object): Promise<Answer> {
    try {
      const response = await this.fetch(url, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${this.options.token}`,
          'x-github-api-version': '2022-11-28',
          'user-agent': 'golive-delivery',
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      const parsed = jsonOrUndefined(await response.text());
      return {
        ok: response.ok,
        status: response.status,
        headers: response.headers,
        body: parsed,
        says: `${response.status}: ${messageIn(parsed)}`,
      };
    } catch (error) {
      // No answer at all; fetch names the cause one level down.
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      return { ok: false, status: 0, headers: new Headers(), body: undefined, says: saidBy(cause) };
    }
  }

  /** Milliseconds; undefined when another attempt would be refused alike, or might do twice what was done. */
  private delayBefore({ status, headers }: Answer, method: Method, attempt: number): number | undefined {
    const backOff = 1000 * 2 ** (attempt - 1);
    if (status === 403 || status === 429) return this.limitDelay(status, headers, backOff);
    // A POST that nobody answered may have made its comment.
    if (status === 0 || status >= 500) return method === 'POST' && status !== 503 ? undefined : backOff;
    return undefined;
  }

  /** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
  private limitDelay(status: number, headers: Headers, backOff: number): number | undefined {
    const after = Number(headers.get('retry-after') ?? NaN);
    if (!Number.isNaN(after)) return after * 1000;
    if (headers.get('x-ratelimit-remaining') === '0') {
      const reset = Number(headers.get('x-ratelimit-reset') ?? NaN) * 1000;
      return Number.isNaN(reset) ? Math.max(60_000, backOff) : Math.max(1000, reset - this.now() + 1000);
    }
    // A 403 that names no limit is a right that the token lacks.
    return status === 429 ? Math.max(60_000, backOff) : undefined;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly says: string;
}

function refusal(called: string, { status, says }: Answer): Error {
  if (status === 0 || status >= 500)
    return new GitHubUnavailableError(
      `GitHub did not say whether it did ${called} (${says}): run the job again`,
    );
  const advice =
    status === 401
      ? 'give the job its GITHUB_TOKEN'
      : status === 403
        ? 'look whether the job’s "permissions" allow it'
        : status === 404
          ? 'look whether it exists and whether the job’s "permissions" allow to see it'
          : 'look at what was sent';
  return new GitHubRefusedError(`GitHub refused ${called} (${says}): ${advice}`, status);
}

function messageIn(body: unknown): string {
  const { message } = (typeof body === 'object' && body !== null ? body : {}) as { message?: unknown };
  return typeof message === 'string' ? message : 'no message';
}
