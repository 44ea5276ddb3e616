import { GoLiveError } from '../../shared/errors';

/** What was asked for would give a login more than it may have, or two purposes one role. Nothing was changed. */
export class RolesRefusedError extends GoLiveError {
  readonly code = 'RolesRefusedError';
}

/** Another bootstrap of the same database holds the lock. Nothing was changed. */
export class BootstrapBusyError extends GoLiveError {
  readonly code = 'BootstrapBusyError';
  override readonly retryable = true;
}

/** The server took the statements and did not do what they say, as `GRANT` does with no more than a warning. */
export class RolesIncompleteError extends GoLiveError {
  readonly code = 'RolesIncompleteError';
}

/** The server refused a statement. All of them were undone. */
export class RolesNotMadeError extends GoLiveError {
  readonly code = 'RolesNotMadeError';
}
