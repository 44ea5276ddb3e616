import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

/**
 * An S3 client whose requests always end: a connection that hangs is given up and the request is sent again.
 * The SDK's own retries do the rest: throttling, 500s, cut connections, with exponential back-off.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function dumpS3Client(overrides: S3ClientConfig = {}): S3Client {
  return new S3Client({
    maxAttempts: 8,
    // With "Expect: 100-continue" the SDK opens a new connection for each part.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: 5_000,
      // Silence on the wire, milliseconds.
      socketTimeout: 30_000,
      // The whole of a small request; an uploaded part is given its own by its size.
      requestTimeout: 60_000,
      throwOnRequestTimeout: true,
    },
    ...overrides,
  });
}
