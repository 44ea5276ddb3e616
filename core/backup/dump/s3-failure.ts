import { S3ServiceException } from '@aws-sdk/client-s3';

/** The HTTP status that S3 answered with; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** Whether S3 said this, by its code, such as `NoSuchUpload`. */
export function saysS3(error: unknown, code: string): boolean {
  return error instanceof S3ServiceException && error.name === code;
}

/**
 * Whether the same request may succeed later: no answer, or one that blames S3 itself or the moment. The
 * SDK has tried several times before we see an error.
 */
export function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status < 400 || status >= 500 || [408, 409, 429].includes(status);
}

/** What S3 said and what to do about it, as the end of a sentence. */
export function saidByS3(error: unknown): string {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${said}; ${adviceOn(error)}`;
}

function adviceOn(error: unknown): string {
  if (saysS3(error, 'NoSuchBucket')) return 'deploy the Backup stack, or correct VAULT_BUCKET';
  switch (statusOf(error)) {
    case 401:
    case 403:
      return "allow the dump's role to put, get and list objects and to list and abort uploads in the vault, and to use its key";
    default:
      return mayPass(error)
        ? 'run the dump again, and see the AWS Health Dashboard if S3 keeps failing'
        : "compare the request with the vault's bucket policy and encryption settings";
  }
}
