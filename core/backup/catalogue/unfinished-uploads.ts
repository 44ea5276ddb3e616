import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { dumpsPrefix } from '../vault-layout';
import { CatalogueUnavailableError } from './errors';

/** Parts that S3 keeps, and bills, for an object that does not exist yet and perhaps never will. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  /** By S3's clock. */
  readonly startedAt: Date;
}

/**
 * Lists the multipart uploads among the dumps that were begun and neither completed nor aborted. While no dump
 * runs there should be none.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 *
 * @throws CatalogueUnavailableError
 */
export async function listUnfinishedUploads(
  s3: S3Client,
  bucket: string,
  database?: string,
): Promise<UnfinishedUpload[]> {
  const uploads: UnfinishedUpload[] = [];
  try {
    const pages = uploadPages(s3, bucket, dumpsPrefix(database));
    for await (const page of pages) uploads.push(...page);
  } catch (error) {
    throw new CatalogueUnavailableError(
      `the unfinished uploads of s3://${bucket} could not be listed`,
      error,
    );
  }
  return uploads;
}

async function* uploadPages(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<UnfinishedUpload[]> {
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let more = true; more;) {
    const page: ListMultipartUploadsCommandOutput = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }),
    );
    yield (page.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) =>
      Key !== undefined && UploadId !== undefined
        ? [{ key: Key, uploadId: UploadId, startedAt: Initiated ?? new Date(0) }]
        : [],
    );
    after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    more = page.IsTruncated === true;
  }
}
