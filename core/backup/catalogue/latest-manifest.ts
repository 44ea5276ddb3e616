import type { S3Client } from '@aws-sdk/client-s3';
import { readManifest } from '../dump/manifest-object';
import type { Manifest } from '../manifest';
import { dumpsPrefix, parseManifestKey } from '../vault-layout';
import { vaultPages } from './vault-object';

/**
 * The manifest of the dump that was scheduled last, whether its archive is sound or not: for what it says of the
 * database and of how long the dump took. Undefined when there is none.
 *
 * @throws CatalogueUnavailableError, ManifestAccessError, ManifestInvalidError
 */
export async function latestManifest(
  s3: S3Client,
  bucket: string,
  database: string,
): Promise<Manifest | undefined> {
  let latest: string | undefined;
  // Keys are in the order of time.
  for await (const page of vaultPages(s3, bucket, dumpsPrefix(database))) {
    latest = page.findLast(({ key }) => parseManifestKey(key))?.key ?? latest;
  }
  return latest === undefined ? undefined : await readManifest({ s3, bucket, key: latest });
}
