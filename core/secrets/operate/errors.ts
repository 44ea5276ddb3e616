import { GoLiveError } from '../../shared/errors';

/** Secrets Manager did not answer, or refused these credentials. Never says what a secret holds. */
export class SecretUnavailableError extends GoLiveError {
  readonly code = 'SecretUnavailableError';
  override readonly retryable = true;
}

/** Nothing rotates this secret: people set it, or its schedule is turned off. */
export class SecretNotRotatableError extends GoLiveError {
  readonly code = 'SecretNotRotatableError';
}

/** A rotation began and was not finished in the time that was given. Secrets Manager goes on trying. */
export class RotationTimeoutError extends GoLiveError {
  readonly code = 'RotationTimeoutError';
}

/** Somebody changed the secret while it rotated, and the new version will never be current. */
export class RotationAbandonedError extends GoLiveError {
  readonly code = 'RotationAbandonedError';
}

/** The previous version would not do, or nobody can say whether it would. Nothing was changed. */
export class RollbackRefusedError extends GoLiveError {
  readonly code = 'RollbackRefusedError';
}

/** The secret changed between the check and the move. */
export class RollbackConflictError extends GoLiveError {
  readonly code = 'RollbackConflictError';
}

/** What was given is not what this secret holds. Never repeats it. */
export class SecretValueRefusedError extends GoLiveError {
  readonly code = 'SecretValueRefusedError';
}
