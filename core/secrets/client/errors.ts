import { GoLiveError, JudgedError } from '../../shared/errors';

/** The client was made in a way that is unsafe or cannot work. */
export class SecretsClientConfigurationError extends GoLiveError {
  readonly code = 'SecretsClientConfigurationError';
}

/** A secret could not be read, and there is no copy young enough to serve in its place. */
export class SecretUnavailableError extends JudgedError {
  readonly code = 'SecretUnavailableError';
}

/** A secret was read and is not what its schema says. Names fields, never values. */
export class SecretInvalidError extends GoLiveError {
  readonly code = 'SecretInvalidError';
  /** The next version may be a good one. */
  override readonly retryable = true;
}

/** A pool was used after it was ended. */
export class PoolEndedError extends GoLiveError {
  readonly code = 'PoolEndedError';
}
