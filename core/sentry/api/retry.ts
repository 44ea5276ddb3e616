/** What came back of one attempt. */
export interface Answer {
  /** HTTP's; 0 when there was none. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** For an error's message, scrubbed. */
  readonly said: string;
}

/** How often a call is made in all. */
export const ATTEMPTS = 5;
/** What the waits of one call add up to at most. */
export const LONGEST_WAIT_MS = 2 * 60_000;

const FIRST_WAIT_MS = 500;

/**
 * How long to wait before the call is made again, milliseconds.
 *
 * @param isRepeatable whether doing it twice is as good as once
 * @param random in [0, 1): callers that failed together do not come back together
 * @returns undefined when it must not be made again, or would be refused alike
 */
export function waitBeforeRetry(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  {
    attempt,
    isRepeatable,
    now,
    random,
  }: {
    readonly attempt: number;
    readonly isRepeatable: boolean;
    readonly now: number;
    readonly random: number;
  },
): number | undefined {
  const backOff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + random);
  // Refused before anything was done, so a POST may be made again, too.
  if (status === 429) return limitWait(headers, now) ?? backOff;
  const isFault = status === 0 || status === 408 || status >= 500;
  return isFault && isRepeatable ? backOff : undefined;
}

/**
 * Until when Sentry wants to be left alone, milliseconds from now. `Retry-After` is in seconds or a date;
 * `X-Sentry-Rate-Limit-Reset` is the epoch's second at which the next window begins.
 * https://docs.sentry.io/api/ratelimits/
 */
function limitWait(headers: Headers, now: number): number | undefined {
  const after = headers.get('retry-after');
  if (after !== null) {
    const at = /^\d+$/.test(after) ? now + Number(after) * 1000 : Date.parse(after);
    if (!Number.isNaN(at)) return Math.max(0, at - now);
  }
  return resetWait(headers, now);
}

/**
 * How long this caller has nothing left, milliseconds: the last answer used up the window.
 *
 * @returns undefined when there is something left, or Sentry does not say
 */
export function exhaustedWait(headers: Headers, now: number): number | undefined {
  return headers.get('x-sentry-rate-limit-remaining') === '0' ? resetWait(headers, now) : undefined;
}

function resetWait(headers: Headers, now: number): number | undefined {
  const reset = headers.get('x-sentry-rate-limit-reset');
  if (reset === null || !/^\d+(\.\d+)?$/.test(reset)) return undefined;
  return Math.max(0, Number(reset) * 1000 - now);
}
