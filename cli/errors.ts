import { GoLiveError } from '../core/shared/errors';

/** What the exit codes mean; they are a promise to scripts. */
export const EXIT = {
  done: 0,
  /** The command began and failed; the message says what to do. */
  failed: 1,
  /** Nobody could have known what was meant: an unknown option, a missing argument, no such environment. */
  usage: 2,
  /** It would change something, and nobody said yes. Nothing was done. */
  notConfirmed: 3,
} as const;

/** The command line does not say enough, or too much. */
export class UsageError extends GoLiveError {
  readonly code = 'UsageError';
}

/** A backup did not prove to be good, as far as was asked. */
export class NotVerifiedError extends GoLiveError {
  readonly code = 'NotVerifiedError';
}

/** Nobody confirmed what would have changed something. */
export class NotConfirmedError extends GoLiveError {
  readonly code = 'NotConfirmedError';
}
