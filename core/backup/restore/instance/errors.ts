import { GoLiveError, JudgedError } from '../../../shared/errors';

/** A setting that is not as it must be. */
export interface SettingDifference {
  /** A setting's name, or `parameterGroup (pending-reboot)` and the like for what is set and not in force. */
  readonly setting: string;
  readonly wanted: unknown;
  readonly actual: unknown;
}

/** What was asked for cannot be restored from: it is not there, not finished, or outside of the window. */
export class RestoreSourceError extends JudgedError {
  readonly code = 'RestoreSourceError';
}

/** The backup is of another instance than the one that is restored. */
export class WrongInstanceError extends GoLiveError {
  readonly code = 'WrongInstanceError';
}

/** The live instance is gone, and what a new one must be like is known neither from the backup nor from anybody. */
export class SettingsMissingError extends GoLiveError {
  readonly code = 'SettingsMissingError';
}

/** The restored instance is not as the live one is. It is kept, and nothing was put in place. */
export class InstanceDiffersError extends GoLiveError {
  readonly code = 'InstanceDiffersError';

  constructor(
    message: string,
    readonly differences: readonly SettingDifference[],
  ) {
    super(message);
  }
}

/** RDS gave the restored instance up. */
export class InstanceRestoreFailedError extends GoLiveError {
  readonly code = 'InstanceRestoreFailedError';
}

/** What stands there under which name does not allow what was asked. Nothing was changed. */
export class InstanceStateError extends GoLiveError {
  readonly code = 'InstanceStateError';
}

/** RDS was still at it when the time that we give it ran out. Run again, it goes on. */
export class InstanceTimeLimitError extends GoLiveError {
  readonly code = 'InstanceTimeLimitError';
  override readonly retryable = true;
}

/** A quota of the account in this Region is used up. */
export class RdsQuotaError extends GoLiveError {
  readonly code = 'RdsQuotaError';
}

/** AWS has no machine of that class to give at the moment. */
export class RdsCapacityError extends GoLiveError {
  readonly code = 'RdsCapacityError';
  override readonly retryable = true;
}

/** The backup's version of PostgreSQL is not offered any more, or not what the live instance's settings are for. */
export class EngineVersionError extends GoLiveError {
  readonly code = 'EngineVersionError';
}

/** RDS refused a call for another reason. */
export class RdsRefusedError extends GoLiveError {
  readonly code = 'RdsRefusedError';
}

/** The instance runs, and does not let the administrator in, or does not answer as it must. */
export class InstanceLoginError extends GoLiveError {
  readonly code = 'InstanceLoginError';
}
