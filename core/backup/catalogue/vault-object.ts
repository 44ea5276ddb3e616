import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { CatalogueUnavailableError } from './errors';

/** An object as a listing shows it. */
export interface VaultObject {
  readonly key: string;
  readonly bytes: number;
  /** When S3 stored it, by S3's clock. */
  readonly storedAt: Date;
}

/**
 * Pages through a prefix, 1,000 objects at a time, in the order of the keys. The next page is asked for while
 * the caller works on this one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 *
 * @throws CatalogueUnavailableError when a page does not come: half a listing is not a listing
 */
export async function* vaultPages(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<readonly VaultObject[]> {
  const page = async (token?: string): Promise<ListObjectsV2CommandOutput> =>
    s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
  try {
    for (let pending: Promise<ListObjectsV2CommandOutput> | undefined = page(); pending;) {
      const { Contents = [], IsTruncated, NextContinuationToken }: ListObjectsV2CommandOutput = await pending;
      pending = IsTruncated ? page(NextContinuationToken) : undefined;
      // It is awaited only after the caller's work, and a rejection must not be unhandled until then.
      pending?.catch(() => undefined);
      yield Contents.flatMap(({ Key, Size, LastModified }): VaultObject[] =>
        Key === undefined ? [] : [{ key: Key, bytes: Size ?? 0, storedAt: LastModified ?? new Date(0) }],
      );
    }
  } catch (error) {
    if (error instanceof CatalogueUnavailableError) throw error;
    throw new CatalogueUnavailableError(`the vault s3://${bucket}/${prefix} could not be listed`, error);
  }
}
