import { GoLiveError, saidBy } from '../../shared/errors';
import { mayPass } from '../../shared/s3-failure';

/**
 * S3 did not answer, so nothing is known of the backups: neither that they are there nor that they are not.
 */
export class CatalogueUnavailableError extends GoLiveError {
  readonly code = 'CatalogueUnavailableError';
  override readonly retryable: boolean;

  constructor(what: string, cause: unknown) {
    const refused = !mayPass(cause);
    super(
      `${what}: ${saidBy(cause)}; ` +
        (refused
          ? "check the bucket's name and that the role may list the bucket, read its objects and use its key"
          : 'try again, and see the AWS Health Dashboard if S3 keeps failing'),
      { cause },
    );
    this.retryable = !refused;
  }
}

/** No dump in the vault fits what was asked for. */
export class BackupNotFoundError extends GoLiveError {
  readonly code = 'BackupNotFoundError';
}
