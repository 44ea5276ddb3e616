import { GoLiveError } from '../../shared/errors';
import { S3UnavailableError } from '../../shared/s3-failure';

/** Somebody else holds the lease. */
export class LeaseHeldError extends GoLiveError {
  readonly code = 'LeaseHeldError';
  override readonly retryable = true;

  constructor(
    readonly lease: string,
    /** Who holds it, in the holder's own words. */
    readonly holder: string,
    /** When it ends unless it is renewed, by S3's clock. */
    readonly until: Date,
  ) {
    super(
      `${lease} is held by ${holder} until ${until.toISOString()}, and longer if it goes on working; ` +
        'wait for it, or stop it and wait until that time',
    );
  }
}

/** We held the lease and do so no longer: another may be at work. */
export class LeaseLostError extends GoLiveError {
  readonly code = 'LeaseLostError';
  override readonly retryable = true;

  constructor(
    readonly lease: string,
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(
      `${lease} was lost while we worked under it: ${why}; look what was done, and run it again`,
      options,
    );
  }
}

/** S3 did not let us read or write the lease, so nothing is known of who holds it. */
export class LeaseUnavailableError extends S3UnavailableError {
  readonly code = 'LeaseUnavailableError';

  constructor(what: string, cause: unknown) {
    super(
      what,
      cause,
      'allow the role to get and put objects below leases/, to list the vault, and to use its key',
    );
  }
}

/** Something lies in the lease's place that is none. */
export class LeaseInvalidError extends GoLiveError {
  readonly code = 'LeaseInvalidError';
}
