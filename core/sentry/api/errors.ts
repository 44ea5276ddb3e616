import { GoLiveError } from '../../shared/errors';

/** There is no token to act with. */
export class SentryTokenMissingError extends GoLiveError {
  readonly code = 'SentryTokenMissingError';
}

/** Sentry does not know the token. */
export class SentryUnauthorizedError extends GoLiveError {
  readonly code = 'SentryUnauthorizedError';

  constructor(called: string, said: string) {
    super(
      `Sentry does not accept the token for ${called} (${said}): make one of an internal integration, or a personal one, with the scopes ${SCOPES}, and set SENTRY_AUTH_TOKEN to it; an organisation's own token (sntrys_…) is for uploads only`,
    );
  }
}

/** The token may not do that. */
export class SentryForbiddenError extends GoLiveError {
  readonly code = 'SentryForbiddenError';

  constructor(called: string, said: string, scope: string) {
    super(
      `the token may not do ${called} (${said}): it needs the scope ${scope}; golive sentry needs ${SCOPES} in all`,
    );
  }
}

/** There is no such organisation, project or rule, as far as the token may see. */
export class SentryNotFoundError extends GoLiveError {
  readonly code = 'SentryNotFoundError';

  constructor(called: string, url: string) {
    super(
      `Sentry has nothing at ${called}, or the token may not see it: look at "url" (${url}; https://de.sentry.io for the European Union), "organization" and "projects" of sentryRules`,
    );
  }
}

/** Sentry does not take what was sent. */
export class SentryRefusedError extends GoLiveError {
  readonly code = 'SentryRefusedError';

  constructor(
    called: string,
    /** HTTP's. */
    readonly status: number,
    said: string,
  ) {
    super(
      `Sentry refused ${called} (${status}: ${said}): look at what it names in sentryRules; an environment must have sent an event before a rule can name it`,
    );
  }
}

/** Sentry did not answer, or not in time, or asked to wait for longer than we do. Nothing is half done by it. */
export class SentryUnavailableError extends GoLiveError {
  readonly code = 'SentryUnavailableError';
  override readonly retryable = true;
}

/** Nobody knows whether Sentry did it: the answer got lost. */
export class SentryUncertainError extends GoLiveError {
  readonly code = 'SentryUncertainError';
  override readonly retryable = true;

  constructor(called: string, said: string) {
    super(
      `whether Sentry did ${called} is not known (${said}): run it again, which looks before it makes anything`,
    );
  }
}

/** Sentry answered with something else than its documentation says. */
export class SentryAnswerError extends GoLiveError {
  readonly code = 'SentryAnswerError';
}

/** https://docs.sentry.io/api/permissions/ */
export const SCOPES = 'org:read, project:read, project:write, alerts:read and alerts:write';
