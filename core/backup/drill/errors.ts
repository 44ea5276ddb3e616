import { GoLiveError } from '../../shared/errors';
import { S3UnavailableError } from '../../shared/s3-failure';

/** There is no dump to drill: nothing could be restored either. */
export class NoDumpToDrillError extends GoLiveError {
  readonly code = 'NoDumpToDrillError';
}

/** There is no finished snapshot to drill. */
export class NoSnapshotToDrillError extends GoLiveError {
  readonly code = 'NoSnapshotToDrillError';
}

/** What was asked for is no dump. */
export class NotADumpError extends GoLiveError {
  readonly code = 'NotADumpError';
}

/** The machine of the drill lacks what the database was made with. */
export class DrillMachineError extends GoLiveError {
  readonly code = 'DrillMachineError';
}

/** RDS did not bring the throw-away instance up. */
export class ThrowAwayInstanceError extends GoLiveError {
  readonly code = 'ThrowAwayInstanceError';
}

/** What a drill found out is not in the vault. */
export class DrillNotStoredError extends S3UnavailableError {
  readonly code = 'DrillNotStoredError';

  constructor(what: string, cause: unknown) {
    super(what, cause, 'allow the role to put objects below drills/ and to use the key, and drill again');
  }
}

/** S3 did not give the records of drills, so nothing is known of them. */
export class DrillsUnavailableError extends S3UnavailableError {
  readonly code = 'DrillsUnavailableError';

  constructor(what: string, cause: unknown) {
    super(
      what,
      cause,
      "check the bucket's name and that the role may list the vault, read below drills/ and use its key",
    );
  }
}
