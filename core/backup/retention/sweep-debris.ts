import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { listUnfinishedUploads, type UnfinishedUpload } from '../catalogue';
import { vaultPages, type VaultObject } from '../catalogue/vault-object';
import { saysS3 } from '../../shared/s3-failure';
import { backupPrefix, dumpsPrefix, parseArchiveKey, parseBackupObjectKey } from '../vault-layout';
import { DAY_MS } from './calendar';
import {
  deleteObject,
  isObstacle,
  obstacleOf,
  obstacleTo,
  type DeletedObject,
  type Obstacle,
  type VaultSession,
} from './delete-object';

/** A dump writes its manifest minutes after its archive. Two days leave time to look into what went wrong. */
const ORPHAN_AGE_MS = 2 * DAY_MS;

/** The longest dump takes hours. The vault's lifecycle rule aborts uploads too, and may come a day late. */
const UPLOAD_AGE_MS = DAY_MS;

export interface DebrisReport {
  /** Archives and companions without a manifest, and so of no backup, that were removed. */
  readonly orphans: readonly DeletedObject[];
  /** Uploads that were begun, never completed and now aborted: their parts are gone, and no longer billed. */
  readonly uploads: readonly UnfinishedUpload[];
  readonly obstacles: readonly Obstacle[];
  /** Whether we were asked to stop before the end. */
  readonly interrupted: boolean;
}

/**
 * Removes what runs that died have left below `dumps/`. Only what parses as ours, and never beside a manifest.
 *
 * @param handled prefixes of backups that this run has dealt with already
 * @throws CatalogueUnavailableError
 */
export async function sweepDebris(
  session: VaultSession,
  handled: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<DebrisReport> {
  const orphans: DeletedObject[] = [];
  const uploads: UnfinishedUpload[] = [];
  const obstacles: Obstacle[] = [];
  const interrupted = (): boolean => signal?.aborted === true;

  for await (const { prefix, objects } of orphanedBackups(session)) {
    if (interrupted()) break;
    if (handled.has(prefix)) continue;
    for (const { key } of objects) {
      const result = (await obstacleTo(session, key)) ?? (await deleteObject(session, key));
      if (isObstacle(result)) obstacles.push(result);
      else orphans.push(result);
    }
  }
  for (const upload of await listUnfinishedUploads(session.s3, session.bucket)) {
    if (interrupted()) break;
    const age = session.now.getTime() - upload.startedAt.getTime();
    if (!isDated(upload.startedAt) || age < UPLOAD_AGE_MS || !parseArchiveKey(upload.key)) continue;
    const obstacle = await abortUpload(session, upload);
    if (obstacle) obstacles.push(obstacle);
    else uploads.push(upload);
  }
  return { orphans, uploads, obstacles, interrupted: interrupted() };
}

/**
 * Backups without a manifest whose youngest object is old enough. Keys sort, so what belongs to one backup comes
 * in one run, and no more than that is held in memory.
 */
async function* orphanedBackups({
  s3,
  bucket,
  now,
}: VaultSession): AsyncGenerator<{ readonly prefix: string; readonly objects: readonly VaultObject[] }> {
  let prefix = '';
  let objects: VaultObject[] = [];
  let hasManifest = false;
  const isOrphaned = (): boolean =>
    !hasManifest &&
    objects.length > 0 &&
    objects.every(({ storedAt }) => isDated(storedAt) && now.getTime() - storedAt.getTime() >= ORPHAN_AGE_MS);

  for await (const page of vaultPages(s3, bucket, dumpsPrefix())) {
    for (const object of page) {
      const parsed = parseBackupObjectKey(object.key);
      if (!parsed) continue;
      const owner = backupPrefix(parsed.database, parsed.backupId);
      if (owner !== prefix) {
        if (isOrphaned()) yield { prefix, objects };
        [prefix, objects, hasManifest] = [owner, [], false];
      }
      if (parsed.role === 'manifest') hasManifest = true;
      else objects.push(object);
    }
  }
  if (isOrphaned()) yield { prefix, objects };
}

async function abortUpload(
  { s3, bucket, dryRun }: VaultSession,
  { key, uploadId }: UnfinishedUpload,
): Promise<Obstacle | undefined> {
  if (dryRun) return undefined;
  try {
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
    return undefined;
  } catch (error) {
    // The lifecycle rule was faster.
    return saysS3(error, 'NoSuchUpload') ? undefined : obstacleOf(key, error);
  }
}

/** The catalogue gives the epoch for what S3 left out. */
function isDated(date: Date): boolean {
  return date.getTime() > 0;
}
