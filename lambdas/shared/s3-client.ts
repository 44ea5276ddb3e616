import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** An emulator, unlike S3, has no host name of its own for each bucket. */
export const S3_ADDRESSING: Pick<S3ClientConfig, 'forcePathStyle'> = {
  forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
};
