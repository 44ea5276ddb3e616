import { GoLiveError } from '../../shared/errors';
import { S3UnavailableError } from '../../shared/s3-failure';

/** S3 did not say how far a dump was proven, or what it holds: that is not *never proven*. */
export class VerificationUnavailableError extends S3UnavailableError {
  readonly code = 'VerificationUnavailableError';

  constructor(what: string, cause: unknown) {
    super(
      what,
      cause,
      "check the bucket's name and that the role may list the vault, read its objects and use its key",
    );
  }
}

/** What was found out about a dump is not in the vault. */
export class VerificationNotStoredError extends S3UnavailableError {
  readonly code = 'VerificationNotStoredError';

  constructor(what: string, cause: unknown) {
    super(what, cause, 'allow the role to put objects below dumps/ and to use the key, and verify again');
  }
}

/** Other records took every name that this one might have had. */
export class VerificationCollisionError extends GoLiveError {
  readonly code = 'VerificationCollisionError';
  override readonly retryable = true;
}
