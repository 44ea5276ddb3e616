import {
  DescribeDBSnapshotsCommand,
  type DescribeDBSnapshotsCommandOutput,
  type RDSClient,
} from '@aws-sdk/client-rds';
import {
  GetBucketEncryptionCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { mayPass, saysS3 } from '../../shared/s3-failure';
import { CatalogueUnavailableError, listDumps, type CataloguedDump } from '../catalogue';
import { judgeRdsFailure } from '../catalogue/snapshots';
import type { OffsiteFacts } from '../health/facts';
import { allPages } from '../snapshot/pages';
import { copyOf, type SnapshotCopy } from './copy';
import { OffsiteUnreadableError } from './errors';

/** Where the other Region's copies are, with clients for that Region. */
export interface Offsite {
  readonly region: string;
  readonly s3: S3Client;
  /** The replica vault. */
  readonly bucket: string;
  readonly rds: RDSClient;
  /** Whether the vault itself is locked, so that its copy must be. */
  readonly lockRequired: boolean;
}

/**
 * What is known of the copies in the other Region. A dump counts when its manifest and the archive that it names are
 * both there and agree; a snapshot when RDS has finished copying it. `newestCopyAt` is the older of the newest dump
 * and the newest snapshot, by when S3 and RDS took them, which a copy keeps: neither stands in for the other, so one
 * that has stopped shows even while the other goes on. `encrypted` speaks of these two, by the replica vault's key.
 *
 * @param environment whose copies
 * @param offsite undefined where none is configured
 * @returns undefined where none is configured
 * @throws OffsiteUnreadableError when a part could not be read: what is not known is not reported as missing
 */
export async function observeOffsite(
  environment: string,
  offsite: Offsite | undefined,
): Promise<OffsiteFacts | undefined> {
  if (!offsite) return undefined;
  const { region, lockRequired } = offsite;
  const [dump, copy, keyArn, locked] = await Promise.all([
    newestDumpThere(offsite),
    newestCopyThere(environment, offsite),
    keyOf(offsite),
    isLocked(offsite),
  ]);
  const times = [dump?.storedAt, copy?.capturedAt];
  const newestCopyAt = times.includes(undefined)
    ? undefined
    : new Date(Math.min(...times.map((time) => time?.getTime() ?? 0)));
  const keys = [
    ...(dump
      ? await Promise.all([dump.manifestKey, dump.manifest.archive.key].map(objectKeyIn(offsite)))
      : []),
    ...(copy ? [copy.encryptedWith] : []),
  ];
  return {
    region,
    newestCopyAt,
    encrypted: keyArn !== undefined && keys.every((key) => key === keyArn),
    locked,
    lockRequired,
  };
}

async function newestDumpThere({ s3, bucket, region }: Offsite): Promise<CataloguedDump | undefined> {
  try {
    return (await listDumps({ s3, bucket })).dumps[0];
  } catch (error) {
    if (!(error instanceof CatalogueUnavailableError)) throw error;
    throw new OffsiteUnreadableError(
      `the replica vault in ${region}`,
      error.retryable,
      's3:ListBucket, s3:GetObject and kms:Decrypt',
      error.cause,
    );
  }
}

async function newestCopyThere(
  environment: string,
  { rds, region }: Offsite,
): Promise<SnapshotCopy | undefined> {
  const pages = await allPages((marker): Promise<DescribeDBSnapshotsCommandOutput> =>
    rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', MaxRecords: 100, ...marker })),
  ).catch((error: unknown) => {
    const { retryable } = judgeRdsFailure(error);
    throw new OffsiteUnreadableError(
      `the snapshots in ${region}`,
      retryable,
      'rds:DescribeDBSnapshots',
      error,
    );
  });
  return pages
    .flatMap(({ DBSnapshots = [] }) => DBSnapshots)
    .flatMap((snapshot) => copyOf(snapshot, environment) ?? [])
    .filter(({ status, capturedAt }) => status === 'available' && capturedAt !== undefined)
    .reduce<SnapshotCopy | undefined>(
      (best, copy) => ((copy.capturedAt?.getTime() ?? 0) > (best?.capturedAt?.getTime() ?? 0) ? copy : best),
      undefined,
    );
}

/** The customer key that the replica vault encrypts with; undefined when it is none of ours. */
async function keyOf({ s3, bucket, region }: Offsite): Promise<string | undefined> {
  try {
    const { ServerSideEncryptionConfiguration: encryption } = await s3.send(
      new GetBucketEncryptionCommand({ Bucket: bucket }),
    );
    const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
      encryption?.Rules?.[0]?.ApplyServerSideEncryptionByDefault ?? {};
    // Without a key S3 takes AWS's own, which nobody here can disable, audit or share.
    return algorithm === 'aws:kms' && key !== undefined && !key.includes('alias/aws/') ? key : undefined;
  } catch (error) {
    if (saysS3(error, 'ServerSideEncryptionConfigurationNotFoundError')) return undefined;
    throw new OffsiteUnreadableError(
      `the encryption of the replica vault in ${region}`,
      mayPass(error),
      's3:GetEncryptionConfiguration',
      error,
    );
  }
}

async function isLocked({ s3, bucket, region }: Offsite): Promise<boolean> {
  try {
    const { ObjectLockConfiguration: lock } = await s3.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
    );
    return lock?.ObjectLockEnabled === 'Enabled' && lock.Rule?.DefaultRetention !== undefined;
  } catch (error) {
    if (saysS3(error, 'ObjectLockConfigurationNotFoundError')) return false;
    throw new OffsiteUnreadableError(
      `the lock of the replica vault in ${region}`,
      mayPass(error),
      's3:GetBucketObjectLockConfiguration',
      error,
    );
  }
}

/** What an object is encrypted with. */
function objectKeyIn({ s3, bucket, region }: Offsite): (key: string) => Promise<string | undefined> {
  return async (key) => {
    try {
      return (await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).SSEKMSKeyId;
    } catch (error) {
      throw new OffsiteUnreadableError(`${key} in ${region}`, mayPass(error), 's3:GetObject', error);
    }
  };
}
