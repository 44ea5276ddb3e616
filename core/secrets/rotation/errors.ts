import { GoLiveError } from '../../shared/errors';

/** Somebody switched the rotation of this secret off. */
export class RotationDisabledError extends GoLiveError {
  readonly code = 'RotationDisabledError';
}

/** The version that is to be rotated to is not one that Secrets Manager has made for a rotation. */
export class RotationVersionError extends GoLiveError {
  readonly code = 'RotationVersionError';
}

/** Secrets Manager, or whoever called, asks for a step that there is not. */
export class UnknownStepError extends GoLiveError {
  readonly code = 'UnknownStepError';
}

/** One function serves one secret, and this one is not its own. */
export class OtherSecretError extends GoLiveError {
  readonly code = 'OtherSecretError';
}

/** A version of a secret does not hold what its kind needs. Never says what it holds. */
export class SecretMalformedError extends GoLiveError {
  readonly code = 'SecretMalformedError';
}

/** The pending version is not there or not understood, so there is nothing to set or to test. */
export class PendingNotUsableError extends GoLiveError {
  readonly code = 'PendingNotUsableError';
}

/** The secret names a user that this rotation may not touch. */
export class RotationUserMismatchError extends GoLiveError {
  readonly code = 'RotationUserMismatchError';
}

/** Current and pending are of two different servers. */
export class HostMismatchError extends GoLiveError {
  readonly code = 'HostMismatchError';
}

/** The master secret is of another server, or does not say of which. */
export class MasterMismatchError extends GoLiveError {
  readonly code = 'MasterMismatchError';
}

/** No version of the secret logs in, so nobody has shown that this user is theirs to change. */
export class NoWorkingCredentialsError extends GoLiveError {
  readonly code = 'NoWorkingCredentialsError';
  /** A rotation of the master, or a failover, may be half-way. */
  override readonly retryable = true;
}

/** PostgreSQL would read this password differently from how we do, so it is not set. */
export class PasswordNotSupportedError extends GoLiveError {
  readonly code = 'PasswordNotSupportedError';
}

/** The database refused to give the pending user what the current one has. */
export class RoleNotChangedError extends GoLiveError {
  readonly code = 'RoleNotChangedError';
}

/** The pending user logs in, but may not do all that the current one may: nobody is moved to it. */
export class PendingRightsError extends GoLiveError {
  readonly code = 'PendingRightsError';
}

/** The cache's user cannot be changed now. */
export class CacheUserNotReadyError extends GoLiveError {
  readonly code = 'CacheUserNotReadyError';
  override readonly retryable = true;
}
