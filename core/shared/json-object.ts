import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

export interface JsonObject {
  readonly bucket: string;
  readonly key: string;
  readonly value: unknown;
  /**
   * Whether one that is there stays: S3 then answers with 412, or with 409 while another is being written.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   */
  readonly onlyIfNew: boolean;
}

/** As records lie in the vault: for people to read, too. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** @throws what S3 says */
export async function putJson(s3: S3Client, { bucket, key, value, onlyIfNew }: JsonObject): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: jsonText(value),
      ContentType: 'application/json',
      ChecksumAlgorithm: 'SHA256',
      ...(onlyIfNew && { IfNoneMatch: '*' }),
    }),
  );
}
