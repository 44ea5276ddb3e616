import { S3ServiceException } from '@aws-sdk/client-s3';
import { JudgedError, saidBy } from './errors';

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

/** S3 did not do what was asked, so nothing is known of what lies there. */
export abstract class S3UnavailableError extends JudgedError {
  /**
   * @param what that could not be done
   * @param ifRefused what to do when S3's answer was no, so that asking again gives the same answer
   */
  protected constructor(what: string, cause: unknown, ifRefused: string) {
    const retryable = mayPass(cause);
    const advice = retryable ? 'try again, and see the AWS Health Dashboard if S3 keeps failing' : ifRefused;
    super(`${what}: ${saidBy(cause)}; ${advice}`, { cause, retryable });
  }
}
