import {
  DescribeDBInstancesCommand,
  type DescribeDBInstancesCommandOutput,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { inParallel } from '../../shared/in-parallel';
import {
  CatalogueUnavailableError,
  listDumps,
  RdsUnreadableError,
  type CataloguedDump,
  type DumpCatalogue,
} from '../catalogue';
import { allPages } from '../snapshot/pages';
import { isVerified, newestVerification } from '../verify';
import { protectionOf } from './delete-object';
import { planRetention } from './plan';
import type { RetentionPolicyInput } from './policy';
import { timeOfVault } from './prune-dumps';
import type { RetentionBackup, RetentionPlan, RunOutcome } from './types';

export interface SurveyRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /**
   * Tells which instances still live.
   * @default nobody is asked, and none counts as deleted: in another region the floor alone keeps the last ones
   */
  readonly rds?: RDSClient;
  readonly policy: RetentionPolicyInput;
  /** The longest time that the dump's schedule leaves between two runs, and what a run may take, hours. */
  readonly expectedEveryHours: number;
}

/** What retention knows of a vault's dumps, and what it makes of it. */
export interface RetentionSurvey {
  readonly catalogue: DumpCatalogue;
  readonly backups: readonly RetentionBackup[];
  /** How the last dump ended, as the vault tells it. */
  readonly lastRun: RunOutcome;
  readonly plan: RetentionPlan;
}

/** An archive appears when its upload is completed, and its manifest minutes later at most. */
export const UNFINISHED_MS = 3_600_000;
const AT_A_TIME = 32;
const HOUR_MS = 3_600_000;

/**
 * Looks at every dump of the vault, how far each is proven, whether its instance still lives and what protects it,
 * and plans. Nothing is remembered between runs: the bucket and RDS are enough.
 *
 * @throws CatalogueUnavailableError, RdsUnreadableError, VerificationUnavailableError when anything could not be
 * read: on half a survey nothing may be pruned
 */
export async function surveyDumps(request: SurveyRequest): Promise<RetentionSurvey> {
  const { s3, bucket, rds, policy, expectedEveryHours } = request;
  const now = await timeOfVault(s3, bucket);
  const catalogue = await listDumps({ s3, bucket });
  const living = rds && (await livingInstances(rds));
  const dumpOf = new Map<RetentionBackup, CataloguedDump>();
  await inParallel(catalogue.dumps, AT_A_TIME, async (dump) => {
    const { backupId, database, manifest, storedAt } = dump;
    const record = await newestVerification({ s3, bucket, database, backupId });
    const { dbiResourceId } = manifest.source;
    const backup: RetentionBackup = {
      id: backupId,
      kind: 'dump',
      dbiResourceId,
      database,
      createdAt: storedAt,
      status: 'finished',
      ...(record && isVerified(record) && { verifiedAt: new Date(record.finishedAt) }),
      legalHold: false,
      managed: true,
      instanceDeleted: living !== undefined && !living.has(dbiResourceId.toLowerCase()),
    };
    dumpOf.set(backup, dump);
  });
  const backups = [...dumpOf.keys()];
  const lastRun = lastRunOf(catalogue, now, expectedEveryHours);
  // Snapshots are the snapshot function's to prune.
  const circumstances = { now, lastRuns: { dump: lastRun, 'manual-snapshot': 'unknown' } } as const;
  const first = planRetention(backups, policy, circumstances);
  // What protects an object costs a request to ask for, so only of those that would go.
  const looked = await withProtections(s3, bucket, dumpOf, first);
  const known = backups.map((backup) => looked.get(backup) ?? backup);
  return { catalogue, backups: known, lastRun, plan: planRetention(known, policy, circumstances) };
}

/**
 * How the last dump ended: `failed` when the newest is older than the schedule allows, or when an attempt after it
 * has left an archive without a manifest. Told by the vault, for a run that was killed can tell nobody.
 */
export function lastRunOf(
  { dumps, rejected }: DumpCatalogue,
  now: Date,
  expectedEveryHours: number,
): RunOutcome {
  const [newest] = dumps;
  if (!newest) return 'unknown';
  const isLate = now.getTime() - newest.storedAt.getTime() > expectedEveryHours * HOUR_MS;
  const hasDied = rejected.some(
    ({ reason, storedAt }) =>
      reason === 'manifest-missing' &&
      storedAt > newest.storedAt &&
      now.getTime() - storedAt.getTime() > UNFINISHED_MS,
  );
  return isLate || hasDied ? 'failed' : 'succeeded';
}

/** The immutable ids, in lower case, of the instances that exist. */
async function livingInstances(rds: RDSClient): Promise<ReadonlySet<string>> {
  try {
    const pages = await allPages((marker): Promise<DescribeDBInstancesCommandOutput> =>
      rds.send(new DescribeDBInstancesCommand({ MaxRecords: 100, ...marker })),
    );
    const instances = pages.flatMap(({ DBInstances = [] }) => DBInstances);
    return new Set(instances.flatMap(({ DbiResourceId }) => DbiResourceId?.toLowerCase() ?? []));
  } catch (error) {
    throw new RdsUnreadableError('the instances', 'rds:DescribeDBInstances', error);
  }
}

/** By the backup as it was, the same one with the hold or lock that is on its manifest or archive. */
async function withProtections(
  s3: S3Client,
  bucket: string,
  dumpOf: ReadonlyMap<RetentionBackup, CataloguedDump>,
  { prune }: RetentionPlan,
): Promise<ReadonlyMap<RetentionBackup, RetentionBackup>> {
  const looked = new Map<RetentionBackup, RetentionBackup>();
  await inParallel(prune, AT_A_TIME, async ({ backup }) => {
    const dump = dumpOf.get(backup);
    if (!dump) return;
    const protections = await Promise.all(
      [dump.manifestKey, dump.manifest.archive.key].map((key) =>
        protectionOf(s3, bucket, key).catch((error: unknown) => {
          throw new CatalogueUnavailableError(`${key} could not be looked at`, error);
        }),
      ),
    );
    const lockedUntil = protections
      .flatMap(({ lockedUntil: until }) => until ?? [])
      .reduce<Date | undefined>((latest, until) => (latest && latest > until ? latest : until), undefined);
    looked.set(backup, {
      ...backup,
      legalHold: protections.some(({ legalHold }) => legalHold),
      ...(lockedUntil && { lockedUntil }),
    });
  });
  return looked;
}
