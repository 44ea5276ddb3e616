import type { RDSClient } from '@aws-sdk/client-rds';
import { GoLiveError, saidBy } from '../../shared/errors';
import { listSnapshots } from '../catalogue/snapshots';
import { DAY_MS } from '../retention/calendar';
import {
  planRetention,
  RetentionPolicy,
  surveyDumps,
  type RetentionSurvey,
  type SurveyRequest,
} from '../retention';
import { timeOfVault } from '../retention/prune-dumps';
import { UNFINISHED_MS } from '../retention/survey';
import { listDeletedBackups } from './deleted-backups';
import type {
  BackupFacts,
  DrillFact,
  DumpFacts,
  Observed,
  OffsiteFacts,
  RejectedFact,
  RetentionFacts,
  SnapshotFact,
} from './facts';

export interface ObserveRequest extends SurveyRequest {
  readonly rds: RDSClient;
  /** The environment's name, such as `prod`. */
  readonly environment: string;
  /** RDS's immutable id of the instance whose snapshots count. */
  readonly dbiResourceId: string;
  /** The last restore drill; undefined when none ever ran. */
  readonly readDrill: () => Promise<DrillFact | undefined>;
  /** The copy in the other region; undefined where none is configured. */
  readonly readOffsite: () => Promise<OffsiteFacts | undefined>;
}

/** Retention runs daily. What has been due for longer than this was forgotten. */
const OVERDUE_MS = 2 * DAY_MS;

/**
 * Reads all that the seven checks judge. Each part stands for itself: one that cannot be read is named, and hides no
 * other.
 *
 * @throws CatalogueUnavailableError when S3 does not even tell the time
 */
export async function observeBackups(request: ObserveRequest): Promise<BackupFacts> {
  const { s3, bucket, rds, environment, dbiResourceId } = request;
  const observedAt = await timeOfVault(s3, bucket);
  const [survey, snapshots, drill, offsite] = await Promise.all([
    orUnreadable(() => surveyDumps(request)),
    orUnreadable(async (): Promise<SnapshotFact[]> =>
      (await listSnapshots(rds, { dbiResourceId })).flatMap(({ id, createdAt, serviceStatus }) =>
        createdAt ? [{ id, createdAt, status: serviceStatus }] : [],
      ),
    ),
    orUnreadable(request.readDrill),
    orUnreadable(request.readOffsite),
  ]);
  return {
    environment,
    observedAt,
    snapshots,
    dumps: 'unreadable' in survey ? survey : dumpsOf(survey, observedAt),
    retention:
      'unreadable' in survey ? survey : await orUnreadable(() => retentionOf(request, survey, observedAt)),
    drill,
    offsite,
  };
}

function dumpsOf({ catalogue }: RetentionSurvey, now: Date): DumpFacts {
  return {
    listed: catalogue.dumps.map(({ backupId, storedAt, manifest }) => ({
      id: backupId,
      createdAt: storedAt,
      bytes: manifest.archive.bytes,
    })),
    rejected: catalogue.rejected.flatMap(({ key, reason, storedAt }): RejectedFact[] => {
      // A dump that is at work, and what one that failed left: its own alarm told of it, and retention removes it.
      if (reason === 'archive-not-named') return [];
      const isYoung = now.getTime() - storedAt.getTime() < UNFINISHED_MS;
      if (reason === 'manifest-missing') return isYoung ? [] : [{ key, reason, isLeftover: true }];
      return [{ key, reason, isLeftover: false }];
    }),
  };
}

/**
 * `missing`: a dump that is so young that every policy keeps it, and that somebody deleted. `overdue`: one that was
 * due already two days ago and that nothing protects.
 */
async function retentionOf(
  { s3, bucket, policy }: ObserveRequest,
  { backups, plan, lastRun }: RetentionSurvey,
  now: Date,
): Promise<RetentionFacts> {
  const { keepDays } = RetentionPolicy.parse(policy);
  const beginning = now.getTime() - keepDays * DAY_MS;
  const deleted = await listDeletedBackups(s3, bucket);
  const due = planRetention(backups, policy, {
    now: new Date(now.getTime() - OVERDUE_MS),
    lastRuns: { dump: lastRun, 'manual-snapshot': 'unknown' },
  }).prune.map(({ backup }) => backup);
  return {
    missing: deleted
      .filter(({ createdAt }) => createdAt.getTime() > beginning)
      .map(({ database, backupId }) => `${database}/${backupId}`),
    overdue: plan.prune
      .filter(({ backup }) => due.includes(backup))
      .map(({ backup: { database, id } }) => `${database}/${id}`),
  };
}

async function orUnreadable<T extends object | undefined>(read: () => Promise<T>): Promise<Observed<T>> {
  try {
    return await read();
  } catch (error) {
    return { unreadable: error instanceof GoLiveError ? `${error.code}: ${error.message}` : saidBy(error) };
  }
}
