import { GoLiveError } from '../../shared/errors';

/** The instance is gone. Nothing was pruned: its last snapshots may be all that is left. */
export class InstanceNotFoundError extends GoLiveError {
  readonly code = 'InstanceNotFoundError';
}

/** Another instance answers to the name, such as one that was restored and renamed. */
export class InstanceMismatchError extends GoLiveError {
  readonly code = 'InstanceMismatchError';
}

/** The instance is in a state that does not pass by itself. */
export class InstanceUnavailableError extends GoLiveError {
  readonly code = 'InstanceUnavailableError';
}

/** The instance was busy until the time ran out. The asynchronous retry means the same snapshot. */
export class InstanceBusyError extends GoLiveError {
  readonly code = 'InstanceBusyError';
  override readonly retryable = true;
}

/** The account's manual snapshots are used up, and nothing that has expired is left to prune. */
export class SnapshotQuotaError extends GoLiveError {
  readonly code = 'SnapshotQuotaError';
}

/** A snapshot of this name exists that this job did not make. */
export class SnapshotConflictError extends GoLiveError {
  readonly code = 'SnapshotConflictError';
}

/** RDS started the snapshot and did not finish it. */
export class SnapshotFailedError extends GoLiveError {
  readonly code = 'SnapshotFailedError';
}

/** The instance's KMS key can't be used. */
export class SnapshotKeyError extends GoLiveError {
  readonly code = 'SnapshotKeyError';
}

/** RDS kept refusing calls because there were too many. */
export class RdsThrottledError extends GoLiveError {
  readonly code = 'RdsThrottledError';
  override readonly retryable = true;
}
