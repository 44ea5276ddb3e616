import {
  S3ServiceException,
  type $Command,
  type S3Client,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';

/** An answer, and when the service gave it. */
export interface Dated<Output> {
  readonly output: Output;
  /** By the service's clock, in whole seconds, rounded down. */
  readonly at: Date;
}

/**
 * Sends a command to S3 and tells the time by S3's clock, from the answer's `Date` header: a host's own clock may
 * be an hour off.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
 *
 * @param command is changed, so it can be sent only once
 * @throws what `send` throws, of which {@link dateOfFailure} tells when S3 said it
 */
export async function sendDated<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  s3: S3Client,
  command: $Command<Input, Output, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
  signal?: AbortSignal,
): Promise<Dated<Output>> {
  let at: Date | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      at = dateOf(result.response);
      return result;
    },
    { step: 'deserialize', name: 'goliveServiceTime' },
  );
  const output = await s3.send(command, signal && { abortSignal: signal });
  if (!at) throw new Error('S3 answered without a Date header; look which proxy stands before it');
  return { output, at };
}

/** When S3 answered with this error, by its own clock; undefined when it did not answer. */
export function dateOfFailure(error: unknown): Date | undefined {
  return error instanceof S3ServiceException ? dateOf(error.$response) : undefined;
}

/** The `Date` header of an answer, which every service of AWS sends; undefined when there is none. */
export function dateOf(response: unknown): Date | undefined {
  const { headers } = (response ?? {}) as { headers?: Readonly<Record<string, string>> };
  const date = new Date(headers?.['date'] ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
