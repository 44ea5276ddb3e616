import { SentryApi } from '../../../core/sentry';
import { Sensitive } from '../../../core/secrets/client/sensitive';
import type { SentryApiDouble } from './double';

/** A client of the double, which writes down what it would wait, milliseconds, and waits for nothing. */
export function apiOf(
  sentry: SentryApiDouble,
  waits: number[],
  change: Partial<ConstructorParameters<typeof SentryApi>[0]> = {},
): SentryApi {
  return new SentryApi({
    url: sentry.url,
    organization: 'my-company',
    token: new Sensitive(sentry.token),
    sleep: (ms) => Promise.resolve(waits.push(ms)),
    random: () => 0,
    ...change,
  });
}
