import {
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  type DBInstanceAutomatedBackup,
  type DescribeDBInstanceAutomatedBackupsCommandOutput,
  type DescribeDBInstancesCommandOutput,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { allPages } from '../snapshot/pages';
import { instanceFilter, isChosen, RdsUnreadableError, type InstanceChoice } from './snapshots';

/** Every moment of a span of time: RDS replays the instance's log up to the second that is asked for. */
export interface PointInTimeBackup {
  readonly kind: 'point-in-time';
  /** `point-in-time:` and the `dbiResourceId`, for an instance has only one. */
  readonly id: string;
  /** RDS's immutable id of the instance. */
  readonly dbiResourceId: string;
  /** What the instance is called, or was when it was deleted. */
  readonly instanceIdentifier: string | undefined;
  readonly window: {
    /** Undefined when RDS told us only of the end. */
    readonly earliest: Date | undefined;
    /** Some five minutes behind the present while the instance runs. */
    readonly latest: Date;
  };
  /** The end of the window: the newest state that it gives back. */
  readonly createdAt: Date;
  /** RDS does not tell it. */
  readonly sizeBytes: undefined;
  /** An instance that has no window yet is not listed. */
  readonly status: 'finished';
  /** In RDS's word: `active`, or `retained` when the instance is deleted. */
  readonly serviceStatus: string;
  readonly managed: false;
  /** RDS checks nothing of it; only a restore drill does. */
  readonly verified: 'none';
}

export interface RecoveryWindows {
  readonly windows: readonly PointInTimeBackup[];
  /** Why deleted instances, and the windows' beginnings, are missing; undefined when they are not. */
  readonly shortfall: RdsUnreadableError | undefined;
}

/**
 * Lists to which times instances can be restored, one entry for each instance, deleted ones of which RDS retains
 * the backups too. When RDS does not show the automated backups, the instances themselves say at least where
 * the window ends.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstanceAutomatedBackups.html
 *
 * @throws RdsUnreadableError when RDS shows neither
 */
export async function listRecoveryWindows(rds: RDSClient, choice: InstanceChoice): Promise<RecoveryWindows> {
  const automated = await automatedBackups(rds, choice).catch((error: unknown) => {
    if (error instanceof RdsUnreadableError) return error;
    throw error;
  });
  if (automated instanceof RdsUnreadableError) {
    const windows = await windowsOfInstances(rds, choice).catch(() => undefined);
    if (!windows) throw automated;
    return { windows, shortfall: automated };
  }
  const windows = onePerInstance(automated.filter((backup) => isChosen(backup, choice)).flatMap(windowOf));
  return {
    windows: windows.length > 0 ? windows : await windowsOfInstances(rds, choice),
    shortfall: undefined,
  };
}

async function automatedBackups(
  rds: RDSClient,
  choice: InstanceChoice,
): Promise<DBInstanceAutomatedBackup[]> {
  try {
    const pages = await allPages((marker): Promise<DescribeDBInstanceAutomatedBackupsCommandOutput> =>
      rds.send(
        new DescribeDBInstanceAutomatedBackupsCommand({
          MaxRecords: 100,
          ...instanceFilter(choice),
          ...marker,
        }),
      ),
    );
    return pages.flatMap(({ DBInstanceAutomatedBackups = [] }) => DBInstanceAutomatedBackups);
  } catch (error) {
    throw new RdsUnreadableError(
      'the windows for a restore to a point in time',
      'rds:DescribeDBInstanceAutomatedBackups',
      error,
    );
  }
}

async function windowsOfInstances(rds: RDSClient, choice: InstanceChoice): Promise<PointInTimeBackup[]> {
  try {
    const pages = await allPages((marker): Promise<DescribeDBInstancesCommandOutput> =>
      rds.send(new DescribeDBInstancesCommand({ MaxRecords: 100, ...instanceFilter(choice), ...marker })),
    );
    return pages
      .flatMap(({ DBInstances = [] }) => DBInstances)
      .filter((instance) => isChosen(instance, choice))
      .flatMap(({ DbiResourceId, DBInstanceIdentifier, LatestRestorableTime }) =>
        windowOf({
          DbiResourceId,
          DBInstanceIdentifier,
          Status: 'active',
          RestoreWindow: { LatestTime: LatestRestorableTime },
        }),
      );
  } catch (error) {
    throw new RdsUnreadableError('the instances', 'rds:DescribeDBInstances', error);
  }
}

function windowOf(backup: DBInstanceAutomatedBackup): PointInTimeBackup[] {
  const { DbiResourceId: dbiResourceId, RestoreWindow: { EarliestTime, LatestTime: latest } = {} } = backup;
  if (dbiResourceId === undefined || latest === undefined) return [];
  return [
    {
      kind: 'point-in-time',
      id: `point-in-time:${dbiResourceId}`,
      dbiResourceId,
      instanceIdentifier: backup.DBInstanceIdentifier,
      window: { earliest: EarliestTime, latest },
      createdAt: latest,
      sizeBytes: undefined,
      status: 'finished',
      serviceStatus: backup.Status ?? 'unknown',
      managed: false,
      verified: 'none',
    },
  ];
}

/** A replica of another Region's backups may stand beside what is left of an earlier one: the later window wins. */
function onePerInstance(windows: readonly PointInTimeBackup[]): PointInTimeBackup[] {
  const byInstance = new Map<string, PointInTimeBackup>();
  for (const window of windows) {
    const other = byInstance.get(window.dbiResourceId);
    if (!other || other.window.latest < window.window.latest) byInstance.set(window.dbiResourceId, window);
  }
  return [...byInstance.values()];
}
