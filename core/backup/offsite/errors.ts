import { GoLiveError, JudgedError, saidBy } from '../../shared/errors';

/** Why a snapshot is not in the other Region. */
export interface CopyFailure {
  /** The source's identifier, or the copy's when the copy is what is wrong. */
  readonly identifier: string;
  /** RDS's error name, or ours. */
  readonly code: string;
  /** Ends in what to do. */
  readonly message: string;
}

/** Snapshots could not be copied into the other Region. Nothing was pruned there. */
export class SnapshotCopyError extends GoLiveError {
  readonly code = 'SnapshotCopyError';

  constructor(
    readonly failures: readonly CopyFailure[],
    options?: ErrorOptions,
  ) {
    super(
      `${failures.length === 1 ? 'a snapshot is' : `${failures.length} snapshots are`} not copied, and nothing was pruned: ` +
        failures.map(({ identifier, message }) => `${identifier}: ${message}`).join('; '),
      options,
    );
  }
}

/** The other Region's copies cannot be looked at, so nothing is known of them. */
export class OffsiteUnreadableError extends JudgedError {
  readonly code = 'OffsiteUnreadableError';

  /** @param retryable whether the same look may succeed later */
  constructor(what: string, retryable: boolean, action: string, cause: unknown) {
    const advice = retryable
      ? "try again, and see the Region's AWS Health Dashboard if it keeps failing"
      : `check the name and the Region, and that the role may ${action} there`;
    super(`${what} could not be read: ${saidBy(cause)}; ${advice}`, { cause, retryable });
  }
}

/** What was to be pruned of the replica vault is still there, for another reason than a lock or a hold. */
export class ReplicaPruneIncompleteError extends GoLiveError {
  readonly code = 'ReplicaPruneIncompleteError';
}
