import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { CatalogueUnavailableError } from '../catalogue';
import { dumpsPrefix, parseManifestKey, type BackupId } from '../vault-layout';

/** A dump whose manifest somebody deleted, and whose bytes the vault's versions still hold. */
export interface DeletedBackup {
  readonly database: string;
  readonly backupId: BackupId;
  readonly manifestKey: string;
  /** When the backup began to exist, by S3's clock. */
  readonly createdAt: Date;
  readonly deletedAt: Date;
  /** Deleting this version, a delete marker, brings the manifest back. */
  readonly deleteMarkerVersionId: string | undefined;
}

/**
 * Lists the dumps that were deleted and can still be brought back: manifests whose newest version is a delete marker.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 *
 * @throws CatalogueUnavailableError
 */
export async function listDeletedBackups(s3: S3Client, bucket: string): Promise<DeletedBackup[]> {
  const createdAt = new Map<string, Date>();
  const markers: { key: string; at: Date; versionId: string | undefined }[] = [];
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  try {
    for (let more = true; more;) {
      const page: ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: dumpsPrefix(), ...after }),
      );
      for (const { Key = '', LastModified } of page.Versions ?? []) {
        if (LastModified && parseManifestKey(Key))
          createdAt.set(Key, earlier(LastModified, createdAt.get(Key)));
      }
      for (const { Key = '', IsLatest, LastModified, VersionId } of page.DeleteMarkers ?? []) {
        if (IsLatest && LastModified && parseManifestKey(Key)) {
          markers.push({ key: Key, at: LastModified, versionId: VersionId });
        }
      }
      after = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      more = page.IsTruncated === true;
    }
  } catch (error) {
    throw new CatalogueUnavailableError(
      `the versions in the vault s3://${bucket} could not be listed`,
      error,
    );
  }
  return markers.flatMap(({ key, at, versionId }): DeletedBackup[] => {
    const owner = parseManifestKey(key);
    const created = createdAt.get(key);
    // Without a version the lifecycle has removed the bytes: there is nothing to bring back any more.
    if (!owner || !created) return [];
    return [
      { ...owner, manifestKey: key, createdAt: created, deletedAt: at, deleteMarkerVersionId: versionId },
    ];
  });
}

function earlier(one: Date, other: Date | undefined): Date {
  return other && other < one ? other : one;
}
