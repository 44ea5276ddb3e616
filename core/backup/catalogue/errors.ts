import { GoLiveError } from '../../shared/errors';
import { S3UnavailableError } from '../../shared/s3-failure';

/**
 * S3 did not answer, so nothing is known of the backups: neither that they are there nor that they are not.
 */
export class CatalogueUnavailableError extends S3UnavailableError {
  readonly code = 'CatalogueUnavailableError';

  constructor(what: string, cause: unknown) {
    super(
      what,
      cause,
      "check the bucket's name and that the role may list the bucket, read its objects and use its key",
    );
  }
}

/** No dump in the vault fits what was asked for. */
export class BackupNotFoundError extends GoLiveError {
  readonly code = 'BackupNotFoundError';
}
