import { S3ServiceException } from '@aws-sdk/client-s3';
import { GoLiveError } from '../../shared/errors';

/**
 * S3 did not answer, so nothing is known of the backups: neither that they are there nor that they are not.
 */
export class CatalogueUnavailableError extends GoLiveError {
  readonly code = 'CatalogueUnavailableError';
  override readonly retryable: boolean;

  constructor(what: string, cause: unknown) {
    const refused = isRefusal(cause);
    super(
      `${what}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}; ` +
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

/** Whether S3 answered and its answer was no, so that asking again gives the same answer. */
export function isRefusal(error: unknown): boolean {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  return status !== undefined && status >= 400 && status < 500 && ![408, 409, 429].includes(status);
}
