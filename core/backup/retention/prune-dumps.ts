import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { CatalogueUnavailableError } from '../catalogue';
import { vaultPages } from '../catalogue/vault-object';
import { asBackupId, backupPrefix, dumpsPrefix, parseBackupObjectKey, type BackupId } from '../vault-layout';
import { sendDated } from '../../shared/service-time';
import {
  deleteObject,
  isObstacle,
  obstacleTo,
  type DeletedObject,
  type Obstacle,
  type VaultSession,
} from './delete-object';
import { sweepDebris, type DebrisReport } from './sweep-debris';
import type { RetentionBackup, RetentionPlan } from './types';

export interface PruneDumpsRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** Made a moment ago: what it keeps is not looked at again. Entries that are no dumps are left to others. */
  readonly plan: Pick<RetentionPlan, 'prune'>;
  /** @default false */
  readonly dryRun?: boolean;
  /** Stops between two backups; what was not reached is reported. */
  readonly signal?: AbortSignal;
}

export interface PrunedDump {
  readonly database: string | undefined;
  readonly backupId: string;
  /**
   * `pruned`: it is gone, all of it. `partly-pruned`: it is a backup no longer, and some of its bytes are still
   * there; the sweep of a later run takes them. `kept`: nothing was deleted; the obstacles say why.
   * `already-gone`: nothing of it was there. `not-ours`: its name is none that we give. `not-reached`: we were
   * asked to stop before.
   */
  readonly outcome: 'pruned' | 'partly-pruned' | 'kept' | 'already-gone' | 'not-ours' | 'not-reached';
  readonly deleted: readonly DeletedObject[];
  readonly obstacles: readonly Obstacle[];
  /** Keys beside it that we did not write, and left. */
  readonly foreign: readonly string[];
}

export interface PruneDumpsReport {
  /** By S3's clock. */
  readonly startedAt: Date;
  readonly dryRun: boolean;
  /** In the plan's order. */
  readonly dumps: readonly PrunedDump[];
  readonly debris: DebrisReport;
  /** Whether all went as planned. A `protected` object is not a failure, everything else that is left is. */
  readonly complete: boolean;
}

/**
 * Carries a plan out for the dumps of a vault, and sweeps up what dead runs have left. A manifest goes first, so
 * that the backup has stopped to exist before its bytes go, and a run that is cut short leaves no backup that is
 * not good. Deletions are delete markers: the lifecycle rule for noncurrent versions frees the space.
 *
 * What S3 refuses or fails to do is reported, and the next run tries again.
 *
 * @throws CatalogueUnavailableError when S3 does not even list the vault
 */
export async function pruneDumps(request: PruneDumpsRequest): Promise<PruneDumpsReport> {
  const { s3, bucket, plan, dryRun = false, signal } = request;
  const session: VaultSession = { s3, bucket, now: await timeOfVault(s3, bucket), dryRun };
  const dumps: PrunedDump[] = [];
  for (const { backup } of plan.prune.filter(({ backup }) => backup.kind === 'dump')) {
    dumps.push(signal?.aborted ? reported(backup, 'not-reached') : await pruneDump(session, backup));
  }
  const handled = new Set(
    dumps.flatMap(({ database, backupId }) => {
      const prefix = prefixOf(database, asBackupId(backupId));
      return prefix === undefined ? [] : [prefix];
    }),
  );
  const debris = await sweepDebris(session, handled, signal);
  return {
    startedAt: session.now,
    dryRun,
    dumps,
    debris,
    complete:
      !debris.interrupted &&
      dumps.every(({ outcome }) => outcome !== 'not-reached' && outcome !== 'not-ours') &&
      obstaclesOf({ dumps, debris }).every(({ kind }) => kind === 'protected'),
  };
}

/** What is in the way of anything that was to go, a lock or a hold included. */
export function obstaclesOf({
  dumps,
  debris,
}: Pick<PruneDumpsReport, 'dumps' | 'debris'>): readonly Obstacle[] {
  return [...dumps.flatMap(({ obstacles }) => obstacles), ...debris.obstacles];
}

async function pruneDump(session: VaultSession, backup: RetentionBackup): Promise<PrunedDump> {
  const prefix = prefixOf(backup.database, asBackupId(backup.id));
  if (prefix === undefined) return reported(backup, 'not-ours');

  const manifests: string[] = [];
  const others: string[] = [];
  const foreign: string[] = [];
  for await (const page of vaultPages(session.s3, session.bucket, prefix)) {
    for (const { key } of page) {
      const role = parseBackupObjectKey(key)?.role;
      (role === undefined ? foreign : role === 'manifest' ? manifests : others).push(key);
    }
  }
  const ours = [...manifests, ...others];
  if (ours.length === 0) return reported(backup, 'already-gone', { foreign });

  const forbidding = (await Promise.all(ours.map((key) => obstacleTo(session, key)))).filter(isPresent);
  if (forbidding.length > 0) return reported(backup, 'kept', { foreign, obstacles: forbidding });

  const results: (DeletedObject | Obstacle)[] = [];
  for (const key of ours) {
    const result = await deleteObject(session, key);
    results.push(result);
    // While the manifest is there the backup exists, and must be whole.
    if (isObstacle(result) && manifests.includes(key)) break;
  }
  const obstacles = results.filter(isObstacle);
  const deleted = results.filter((result) => !isObstacle(result));
  const outcome = obstacles.length === 0 ? 'pruned' : deleted.length === 0 ? 'kept' : 'partly-pruned';
  return reported(backup, outcome, { deleted, obstacles, foreign });
}

function reported(
  { database, id }: RetentionBackup,
  outcome: PrunedDump['outcome'],
  details: Partial<PrunedDump> = {},
): PrunedDump {
  return { database, backupId: id, outcome, deleted: [], obstacles: [], foreign: [], ...details };
}

function prefixOf(database: string | undefined, backupId: BackupId | undefined): string | undefined {
  return database && backupId ? backupPrefix(database, backupId) : undefined;
}

/**
 * S3's present time. Ages are told by it, for a host's clock may be an hour off.
 *
 * @throws CatalogueUnavailableError
 */
export async function timeOfVault(s3: S3Client, bucket: string): Promise<Date> {
  try {
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: dumpsPrefix(), MaxKeys: 1 });
    return (await sendDated(s3, command)).at;
  } catch (error) {
    throw new CatalogueUnavailableError(`the vault s3://${bucket} could not be listed`, error);
  }
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
