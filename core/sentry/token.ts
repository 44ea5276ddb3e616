import { Sensitive } from '../secrets/client/sensitive';
import { SCOPES, SentryTokenMissingError } from './api/errors';

/**
 * The token to act with, from the environment variable that Sentry's own command line reads.
 * https://docs.sentry.io/cli/configuration/
 *
 * @throws SentryTokenMissingError
 */
export function sentryToken(env: Readonly<Record<string, string | undefined>>): Sensitive<string> {
  const token = env['SENTRY_AUTH_TOKEN']?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return new Sensitive(token);
  throw new SentryTokenMissingError(
    token === ''
      ? `set SENTRY_AUTH_TOKEN to a token of an internal integration, or a personal one, with the scopes ${SCOPES}: in Sentry, Settings, Custom Integrations; never on the command line, which others can read`
      : 'SENTRY_AUTH_TOKEN holds something that cannot be a token: look for blanks and line breaks in it',
  );
}
