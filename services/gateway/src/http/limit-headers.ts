import type { LimitState } from '../limits/limiter';
import { ProblemError } from './problem';

/**
 * What a client is told of its limits.
 * https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-10.html
 */
export function limitHeaders(states: readonly LimitState[]): Record<string, string> {
  return {
    'ratelimit-policy': states
      .map(({ policy: { name, points, seconds } }) => `"${name}";q=${points};w=${seconds}`)
      .join(', '),
    ratelimit: states
      .map(({ policy, remaining, resetSeconds }) => `"${policy.name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  };
}

/** @throws ProblemError when one of them is exceeded */
export function refuseExceeded(states: readonly LimitState[]): void {
  const exceeded = states.filter(({ isExceeded }) => isExceeded);
  if (exceeded.length === 0) return;
  const seconds = Math.max(...exceeded.map(({ resetSeconds }) => resetSeconds));
  throw new ProblemError('rate-limited', `Too many requests were made; make the next one in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
  });
}
