import {
  DescribeDBSnapshotsCommand,
  RDSServiceException,
  type DBSnapshot,
  type DescribeDBSnapshotsCommandOutput,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { JudgedError, saidBy } from '../../shared/errors';
import { isOurs } from '../snapshot/ownership';
import { allPages } from '../snapshot/pages';
import { SNAPSHOT_TAG } from '../snapshot/tags';

/** A snapshot of a whole instance: RDS's own of each day, or one that somebody had made. */
export interface SnapshotBackup {
  readonly kind: 'manual-snapshot' | 'automated-snapshot';
  /** The snapshot's identifier; an automated one's begins with `rds:`. */
  readonly id: string;
  /** RDS's immutable id of the instance. */
  readonly dbiResourceId: string | undefined;
  /** What the instance was called at the time. Another one may bear the name today. */
  readonly instanceIdentifier: string | undefined;
  /**
   * When the data was captured, by RDS's clock: a copy keeps its original's time. Undefined for the first moments
   * of a snapshot that is being made.
   */
  readonly createdAt: Date | undefined;
  /** The whole snapshot's, where RDS tells it; else the size of the volume, which is the most that it can be. */
  readonly sizeBytes: number | undefined;
  readonly status: 'finished' | 'unfinished' | 'failed';
  /** In RDS's word, such as `available`. */
  readonly serviceStatus: string;
  /** Whether the snapshot function made it. */
  readonly managed: boolean;
  /** RDS checks nothing of a snapshot's content; only a restore drill does. */
  readonly verified: 'none';
}

/** Whose backups RDS is asked for. */
export interface InstanceChoice {
  /**
   * RDS's immutable id of the instance (`db-ABC…`).
   * @default every instance of the account in this Region
   */
  readonly dbiResourceId?: string | undefined;
  /**
   * For when the id is not known: what the instance was called when the backup was made. Gives the backups of every
   * instance that ever had the name, each with its own `dbiResourceId`; ignored when that is given.
   */
  readonly instanceIdentifier?: string | undefined;
}

/** RDS did not answer, or refused: nothing is known of what it keeps. */
export class RdsUnreadableError extends JudgedError {
  readonly code = 'RdsUnreadableError';

  constructor(what: string, action: string, cause: unknown) {
    const { throttled, retryable } = judgeRdsFailure(cause);
    const advice = throttled
      ? 'try again in a minute; if it recurs, find in CloudTrail who floods the RDS API'
      : retryable
        ? 'try again, and see the AWS Health Dashboard if RDS keeps failing'
        : `check the Region and that the role may ${action}`;
    super(`${what} could not be read: ${saidBy(cause)}; ${advice}`, { cause, retryable });
  }
}

/** Whether RDS turned us away for the moment, and whether the same call may succeed later. */
export function judgeRdsFailure(cause: unknown): {
  readonly throttled: boolean;
  readonly retryable: boolean;
} {
  const status = cause instanceof RDSServiceException ? cause.$metadata.httpStatusCode : undefined;
  const throttled = cause instanceof Error && /Throttl|^RequestLimitExceeded$|^TooManyRe/.test(cause.name);
  return { throttled, retryable: throttled || status === undefined || status >= 500 };
}

/**
 * Lists the snapshots that RDS keeps, whoever made them, of deleted instances too. Those of AWS Backup, and those
 * that other accounts share, are not among them.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html
 *
 * @throws RdsUnreadableError when a page does not come: half a listing is not a listing
 */
export async function listSnapshots(rds: RDSClient, choice: InstanceChoice): Promise<SnapshotBackup[]> {
  // RDS gives 100 to a page and each page only after the one before: the two kinds need not wait for each other. Both
  // are heard to their end, so that the same trouble is told in the same words, whichever was refused first.
  const lists = await Promise.allSettled(
    (['manual', 'automated'] as const).map(async (type) => {
      const snapshots = await pagesOfSnapshots(rds, type, choice);
      return snapshots
        .filter((snapshot) => isChosen(snapshot, choice))
        .flatMap((snapshot) => backupOf(snapshot, type));
    }),
  );
  return lists.flatMap((list) => {
    if (list.status === 'rejected') throw list.reason;
    return list.value;
  });
}

/** Names are compared as RDS does, for which `Shop` is `shop`. */
export function isChosen(
  { DbiResourceId, DBInstanceIdentifier }: Pick<DBSnapshot, 'DbiResourceId' | 'DBInstanceIdentifier'>,
  { dbiResourceId, instanceIdentifier }: InstanceChoice,
): boolean {
  if (dbiResourceId !== undefined) return DbiResourceId?.toLowerCase() === dbiResourceId.toLowerCase();
  return (
    instanceIdentifier === undefined ||
    DBInstanceIdentifier?.toLowerCase() === instanceIdentifier.toLowerCase()
  );
}

/** As a request's parameter; a name is not asked for, since RDS takes only those of present instances. */
export function instanceFilter({ dbiResourceId }: InstanceChoice) {
  return dbiResourceId === undefined
    ? {}
    : { Filters: [{ Name: 'dbi-resource-id', Values: [dbiResourceId] }] };
}

async function pagesOfSnapshots(
  rds: RDSClient,
  type: 'manual' | 'automated',
  choice: InstanceChoice,
): Promise<DBSnapshot[]> {
  try {
    const pages = await allPages((marker): Promise<DescribeDBSnapshotsCommandOutput> =>
      rds.send(
        new DescribeDBSnapshotsCommand({
          SnapshotType: type,
          MaxRecords: 100,
          ...instanceFilter(choice),
          ...marker,
        }),
      ),
    );
    return pages.flatMap(({ DBSnapshots = [] }) => DBSnapshots);
  } catch (error) {
    throw new RdsUnreadableError(`the ${type} snapshots`, 'rds:DescribeDBSnapshots', error);
  }
}

function backupOf(snapshot: DBSnapshot, type: 'manual' | 'automated'): SnapshotBackup[] {
  const { DBSnapshotIdentifier: id, Status = 'unknown', AllocatedStorage } = snapshot;
  if (id === undefined) return [];
  return [
    {
      kind: `${type}-snapshot`,
      id,
      dbiResourceId: snapshot.DbiResourceId,
      instanceIdentifier: snapshot.DBInstanceIdentifier,
      createdAt: snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime,
      sizeBytes:
        snapshot.FullSnapshotSizeInBytes ??
        (AllocatedStorage === undefined ? undefined : AllocatedStorage * 1024 ** 3),
      status: STATUS[Status] ?? 'failed',
      serviceStatus: Status,
      managed: isManaged(snapshot),
      verified: 'none',
    },
  ];
}

/** Every other, such as `failed`, `deleting` or `incompatible-restore`, gives nothing back. */
const STATUS: Readonly<Record<string, SnapshotBackup['status']>> = {
  available: 'finished',
  creating: 'unfinished',
  copying: 'unfinished',
  modifying: 'unfinished',
};

/** Whether our function made it, for whichever environment. */
function isManaged(snapshot: DBSnapshot): boolean {
  const environment = snapshot.TagList?.find(({ Key }) => Key === SNAPSHOT_TAG.environment)?.Value;
  const { DbiResourceId: instanceResourceId } = snapshot;
  return (
    environment !== undefined &&
    instanceResourceId !== undefined &&
    isOurs(snapshot, { environment, instanceResourceId })
  );
}
