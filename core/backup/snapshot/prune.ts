import type { DBSnapshot } from '@aws-sdk/client-rds';
import { isOurs, type SnapshotOwner } from './ownership';
import { deleteSnapshot, isFault, listManualSnapshots, REPORTING_MS, type RdsSession } from './rds-calls';

export interface RetentionRules {
  /** Days after which a snapshot may be pruned. */
  readonly retentionDays: number;
  /** How many of the newest successful snapshots stay, whatever their age. Never fewer than one stays. */
  readonly keepNewest: number;
}

export interface PruneReport {
  /** The identifiers that are gone, oldest first. */
  readonly pruned: readonly string[];
  /** What should have gone and did not. It is tried again by the next run. */
  readonly failed: readonly PruneFailure[];
}

export interface PruneFailure {
  /** Undefined when the snapshots could not even be listed. */
  readonly identifier?: string;
  /** RDS's error name, such as `AccessDenied`. */
  readonly code: string;
}

const DAY_MS = 86_400_000;

/**
 * Which snapshots may go, oldest first. Only what this job made, only what is complete, and never the newest
 * complete ones: so a month of failed runs prunes nothing more once it has reached them.
 *
 * Ages come from RDS's own `OriginalSnapshotCreateTime`, which a copy keeps, and not from names or tags.
 */
export function expiredSnapshots(
  snapshots: readonly DBSnapshot[],
  owner: SnapshotOwner,
  rules: RetentionRules,
  now: Date,
): string[] {
  const successful = snapshots.flatMap((snapshot) => {
    const identifier = snapshot.DBSnapshotIdentifier;
    const takenAt = snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime;
    const complete = snapshot.Status === 'available' && identifier !== undefined && takenAt !== undefined;
    return complete && isOurs(snapshot, owner) ? [{ identifier, takenAt: takenAt.getTime() }] : [];
  });
  const newestFirst = successful.sort(
    (a, b) => b.takenAt - a.takenAt || (a.identifier < b.identifier ? 1 : -1),
  );
  const oldestAllowed = now.getTime() - rules.retentionDays * DAY_MS;
  return newestFirst
    .slice(Math.max(1, rules.keepNewest))
    .filter(({ takenAt }) => takenAt < oldestAllowed)
    .map(({ identifier }) => identifier)
    .reverse();
}

/**
 * Deletes what has expired. It never throws: a snapshot that stays costs money and can wait for the next run,
 * while the snapshot that was just taken must be reported.
 */
export async function pruneSnapshots(
  session: RdsSession,
  owner: SnapshotOwner,
  rules: RetentionRules,
): Promise<PruneReport> {
  let expired: string[];
  try {
    const snapshots = await listManualSnapshots(session, owner.instanceResourceId);
    expired = expiredSnapshots(snapshots, owner, rules, session.clock.now());
  } catch (error) {
    return { pruned: [], failed: [{ code: codeOf(error) }] };
  }
  return await deleteExpired(session, expired);
}

/**
 * Deletes snapshots, in this order, for as long as there is time. It never throws.
 *
 * @param identifiers oldest first, so that a run that is cut short has taken what mattered least
 */
export async function deleteExpired(
  session: RdsSession,
  identifiers: readonly string[],
): Promise<PruneReport> {
  const pruned: string[] = [];
  const failed: PruneFailure[] = [];
  for (const identifier of identifiers) {
    if (session.clock.now().getTime() > session.deadline.getTime() - REPORTING_MS) {
      failed.push({ identifier, code: 'DeadlineReached' });
      continue;
    }
    try {
      await deleteSnapshot(session, identifier);
      pruned.push(identifier);
    } catch (error) {
      // Another run of ours, or a person, was faster.
      if (!isFault(error, 'DBSnapshotNotFound')) failed.push({ identifier, code: codeOf(error) });
    }
  }
  return { pruned, failed };
}

function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : 'UnknownError';
}
