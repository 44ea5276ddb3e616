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
  /** `golive status`, `golive monitor` and `golive services status` only: something is a warning, or could not be read. */
  warning: 4,
  /** The same three only: something is critical. */
  critical: 5,
  /** `golive sentry plan` only: Sentry is not what is configured. */
  drift: 6,
  /** `golive status` only: nothing is known to be critical, and a part could not be asked. */
  notAsked: 7,
} as const;

/** The command line does not say enough, or too much. */
export class UsageError extends GoLiveError {
  readonly code = 'UsageError';
}

/** A backup did not prove to be good, as far as was asked. */
export class NotVerifiedError extends GoLiveError {
  readonly code = 'NotVerifiedError';
}

/** A restore drill did not pass, or a part of it could not run. Its record is in the vault. */
export class DrillNotPassedError extends GoLiveError {
  readonly code = 'DrillNotPassedError';
}

/** Nobody confirmed what would have changed something. */
export class NotConfirmedError extends GoLiveError {
  readonly code = 'NotConfirmedError';
}

/** A part of the environment did not say how it is. */
export class NotAskedError extends GoLiveError {
  readonly code = 'NotAskedError';
}

/** The backups, the services, or the environment as a whole, are not in order. */
export class UnhealthyError extends GoLiveError {
  readonly code = 'UnhealthyError';

  constructor(
    readonly status: 'warning' | 'critical',
    message: string,
  ) {
    super(`${message}; see the runbook sections named with them`);
  }
}

/** Something outside is not what is configured. Nothing was changed. */
export class DriftError extends GoLiveError {
  readonly code = 'DriftError';
}

/** Somebody stopped it. What AWS was told to do goes on without us. */
export class StoppedError extends GoLiveError {
  readonly code = 'StoppedError';
}

/** One of several secrets was not rotated, and those after it were not tried. */
export class SecretsNotRotatedError extends GoLiveError {
  readonly code = 'SecretsNotRotatedError';
}
