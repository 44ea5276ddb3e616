import { saidBy } from '../../shared/errors';
import { mayPass, saysS3, statusOf } from '../../shared/s3-failure';

/** What S3 said and what to do about it, as the end of a sentence. */
export function saidByS3(error: unknown): string {
  const said = saidBy(error);
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
