import { DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { statusOf } from '../../shared/s3-failure';

/** Where deletions happen, and by which clock. */
export interface VaultSession {
  readonly s3: S3Client;
  readonly bucket: string;
  /** S3's present time. */
  readonly now: Date;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

export interface DeletedObject {
  readonly key: string;
  /**
   * The delete marker that hides it on a versioned bucket: deleting the marker brings the object back, until the
   * lifecycle rule for noncurrent versions removes the bytes. Undefined in a dry run, and on a bucket without
   * versions, where it is gone.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
   */
  readonly deleteMarkerVersionId?: string;
}

/** Why an object is still there. */
export interface Obstacle {
  readonly key: string;
  /**
   * `protected`: a legal hold or a lock is on it. `refused`: S3 denies it to us. `failed`: S3 failed, and the next
   * run may succeed.
   */
  readonly kind: 'protected' | 'refused' | 'failed';
  /** S3's word, such as `AccessDenied`. */
  readonly code: string;
  /** Ends in what to do. */
  readonly message: string;
}

/** What keeps an object from being deleted. */
export interface Protection {
  readonly legalHold: boolean;
  /** Until when object lock keeps it; it may have passed. */
  readonly lockedUntil: Date | undefined;
}

/**
 * What is on an object. Nothing, when it is not there any more: deleting what is gone succeeds.
 *
 * @throws what S3 says, but for that it is not there
 */
export async function protectionOf(s3: S3Client, bucket: string, key: string): Promise<Protection> {
  try {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return {
      legalHold: head.ObjectLockLegalHoldStatus === 'ON',
      lockedUntil: head.ObjectLockRetainUntilDate,
    };
  } catch (error) {
    if (statusOf(error) === 404) return { legalHold: false, lockedUntil: undefined };
    throw error;
  }
}

/**
 * What forbids deleting it: a hold or a lock that came after the plan was made. S3 itself would not object, for a
 * delete marker may be put before a locked version, and the backup would be gone from every list.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-delete-markers
 */
export async function obstacleTo(
  { s3, bucket, now }: VaultSession,
  key: string,
): Promise<Obstacle | undefined> {
  try {
    const { legalHold, lockedUntil } = await protectionOf(s3, bucket, key);
    if (legalHold) {
      const message = `${key} is under legal hold; lift it if it may go`;
      return { key, kind: 'protected', code: 'LegalHold', message };
    }
    if (lockedUntil && lockedUntil > now) {
      const message = `${key} is locked until ${lockedUntil.toISOString()}; let a later run take it`;
      return { key, kind: 'protected', code: 'ObjectLock', message };
    }
    return undefined;
  } catch (error) {
    return obstacleOf(key, error);
  }
}

/** Deletes it, or says why not. Deleting what is gone succeeds, so that a run can be repeated. */
export async function deleteObject(session: VaultSession, key: string): Promise<DeletedObject | Obstacle> {
  if (session.dryRun) return { key };
  try {
    const { DeleteMarker, VersionId } = await session.s3.send(
      new DeleteObjectCommand({ Bucket: session.bucket, Key: key }),
    );
    return { key, ...(DeleteMarker && VersionId && { deleteMarkerVersionId: VersionId }) };
  } catch (error) {
    return obstacleOf(key, error);
  }
}

export function isObstacle(result: DeletedObject | Obstacle): result is Obstacle {
  return 'kind' in result;
}

export function obstacleOf(key: string, error: unknown): Obstacle {
  const code = error instanceof Error ? error.name : 'UnknownError';
  const said = error instanceof Error ? error.message : String(error);
  const refused = [401, 403].includes(statusOf(error) ?? 0);
  return {
    key,
    kind: refused ? 'refused' : 'failed',
    code,
    message: refused
      ? `S3 refuses to delete ${key} (${code}: ${said}); allow the role to read and delete below dumps/, or see who locked it`
      : `S3 failed to delete ${key} (${code}: ${said}); run it again`,
  };
}
