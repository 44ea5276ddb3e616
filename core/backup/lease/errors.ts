import { GoLiveError, saidBy } from '../../shared/errors';
import { mayPass } from '../../shared/s3-failure';

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
export class LeaseUnavailableError extends GoLiveError {
  readonly code = 'LeaseUnavailableError';
  override readonly retryable: boolean;

  constructor(what: string, cause: unknown) {
    const passes = mayPass(cause);
    super(
      `${what}: ${saidBy(cause)}; ` +
        (passes
          ? 'try again, and see the AWS Health Dashboard if S3 keeps failing'
          : 'allow the role to get and put objects below leases/, to list the vault, and to use its key'),
      { cause },
    );
    this.retryable = passes;
  }
}

/** Something lies in the lease's place that is none. */
export class LeaseInvalidError extends GoLiveError {
  readonly code = 'LeaseInvalidError';
}
