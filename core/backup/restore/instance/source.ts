import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';
import { listRecoveryWindows, type PointInTimeBackup } from '../../catalogue/recovery-window';
import { RdsUnreadableError } from '../../catalogue/snapshots';
import { isThrottle, patiently } from '../../snapshot/rds-calls';
import { EngineVersionError, RestoreSourceError, WrongInstanceError } from './errors';
import type { InstanceSession } from './place';
import { anySnapshot } from './rds';
import { liveOrKept, type Survey } from './survey';

/** What is restored. */
export type InstanceSource =
  | { readonly snapshot: string }
  | {
      readonly pointInTime: Date | 'latest';
      /** Of which instance's history. @default the live one's */
      readonly dbiResourceId?: string | undefined;
    };

/** A source that exists, is whole, and is of the right instance. */
export type CheckedSource =
  | {
      readonly kind: 'snapshot';
      readonly key: string;
      readonly snapshot: DBSnapshot;
      readonly at: Date | undefined;
    }
  | {
      readonly kind: 'point-in-time';
      readonly key: string;
      readonly dbiResourceId: string;
      /** The instance that has the history now, if one still does. */
      readonly instance: DBInstance | undefined;
      /** The end of the window, when the latest is asked for: RDS goes at least so far. */
      readonly at: Date;
      readonly isLatest: boolean;
    };

export interface SourceRules {
  /** What the environment was deployed with: whose backups are ours when the live instance is gone. */
  readonly dbiResourceId: string;
  /** Restores another instance's backup all the same. @default false */
  readonly allowOtherInstance?: boolean | undefined;
}

/**
 * @throws RestoreSourceError, WrongInstanceError, EngineVersionError
 */
export async function checkSource(
  session: InstanceSession,
  source: InstanceSource,
  found: Survey,
  rules: SourceRules,
): Promise<CheckedSource> {
  return 'snapshot' in source
    ? await checkSnapshot(session, source.snapshot, found, rules)
    : await checkPointInTime(session, source, found, rules);
}

async function checkSnapshot(
  session: InstanceSession,
  identifier: string,
  found: Survey,
  rules: SourceRules,
): Promise<CheckedSource> {
  const snapshot = await anySnapshot(session, identifier);
  if (!snapshot) {
    throw new RestoreSourceError(
      `there is no snapshot "${identifier}" in this account and Region: golive backup list shows those that are`,
      { retryable: false },
    );
  }
  const { Status: status = 'unknown', PercentProgress: percent } = snapshot;
  if (status !== 'available') {
    const passes = ['creating', 'copying', 'modifying'].includes(status);
    throw new RestoreSourceError(
      passes
        ? `snapshot "${identifier}" is ${status} (${percent ?? 0} %): wait until it is available, or take an earlier one`
        : `snapshot "${identifier}" is ${status} and can't be restored from: take another one`,
      { retryable: passes },
    );
  }
  requireOurs(
    `snapshot "${identifier}"`,
    snapshot.DbiResourceId,
    snapshot.DBInstanceIdentifier,
    found,
    rules,
  );
  requireSameMajor(identifier, snapshot, found);
  return {
    kind: 'snapshot',
    key: identifier,
    snapshot,
    at: snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime,
  };
}

async function checkPointInTime(
  session: InstanceSession,
  { pointInTime, ...source }: Exclude<InstanceSource, { snapshot: string }>,
  found: Survey,
  rules: SourceRules,
): Promise<CheckedSource> {
  const dbiResourceId = source.dbiResourceId ?? liveOrKept(found)?.DbiResourceId ?? rules.dbiResourceId;
  const window = await windowOf(session, dbiResourceId);
  const instance = everyOf(found).find((one) => one.DbiResourceId === dbiResourceId);
  if (!window) {
    throw new RestoreSourceError(
      `RDS keeps no automated backups of ${dbiResourceId}, so no point in time of it can be restored: restore a snapshot or a dump (golive backup list)`,
      { retryable: false },
    );
  }
  requireOurs('the point in time', dbiResourceId, window.instanceIdentifier, found, rules);
  const { earliest, latest } = window.window;
  const at = pointInTime === 'latest' ? latest : pointInTime;
  if (at > latest || (earliest && at < earliest)) {
    throw new RestoreSourceError(
      `${at.toISOString()} is outside of the window, which goes from ${earliest?.toISOString() ?? 'a time that RDS does not say'} to ${latest.toISOString()}: choose an instant within it` +
        (at > latest
          ? ', or wait some minutes, as it follows now by about five'
          : ', or a dump or snapshot that is older'),
      { retryable: false },
    );
  }
  // RDS takes an instant before the end only, and the end by its own word.
  const isLatest = at.getTime() === latest.getTime();
  const key = `point-in-time:${dbiResourceId}@${pointInTime === 'latest' ? 'latest' : at.toISOString()}`;
  return { kind: 'point-in-time', key, dbiResourceId, instance, at, isLatest };
}

async function windowOf(
  session: InstanceSession,
  dbiResourceId: string,
): Promise<PointInTimeBackup | undefined> {
  const windows = await patiently(session, () =>
    listRecoveryWindows(session.rds, { dbiResourceId }).then(
      (listed) => {
        if (listed.windows.length === 0 && listed.shortfall) throw listed.shortfall;
        return listed.windows;
      },
      (error: unknown) => {
        throw error instanceof RdsUnreadableError && isThrottle(error.cause) ? error.cause : error;
      },
    ),
  );
  return windows.find((window) => window.dbiResourceId === dbiResourceId);
}

function everyOf({ live, restored, replaced }: Survey): DBInstance[] {
  return [...(live ? [live] : []), ...[...restored, ...replaced].map(({ instance }) => instance)];
}

/** The name is not enough: after a restore another instance bears it. */
function requireOurs(
  what: string,
  dbiResourceId: string | undefined,
  identifier: string | undefined,
  found: Survey,
  { dbiResourceId: deployed, allowOtherInstance = false }: SourceRules,
): void {
  const ours = [deployed, ...everyOf(found).map((instance) => instance.DbiResourceId)];
  if (allowOtherInstance || (dbiResourceId !== undefined && ours.includes(dbiResourceId))) return;
  throw new WrongInstanceError(
    `${what} is of instance "${identifier ?? 'unknown'}" (${dbiResourceId ?? 'no resource id'}), which is neither the live one nor one that a restore of it left; name another backup, or allow another instance's on purpose (--allow-other-instance)`,
  );
}

/** The live one's parameter group is of its major version, and so is whatever the product relies on. */
function requireSameMajor(identifier: string, snapshot: DBSnapshot, found: Survey): void {
  const live = liveOrKept(found);
  if (!live) return;
  const [from, to] = [snapshot, live].map(
    ({ Engine, EngineVersion = '' }) => `${Engine} ${EngineVersion.split('.')[0]}`,
  );
  if (from === to) return;
  throw new EngineVersionError(
    `snapshot "${identifier}" is of ${from} and the live instance is ${to}, whose parameter group does not fit: restore a dump, which a newer version takes, or restore the snapshot by hand and upgrade it (docs/runbook.md, restoring a snapshot)`,
  );
}
