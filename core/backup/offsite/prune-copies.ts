import { deleteExpired, type PruneFailure, type PruneReport } from '../snapshot/prune';
import type { RdsSession } from '../snapshot/rds-calls';
import type { SnapshotCopy } from './copy';
import { expiredCopies, type CopyRules } from './plan-copies';

/**
 * Deletes the copies that have expired. It never throws: a copy that stays costs money and can wait for the next run.
 *
 * @param copies all that we made, as they were a moment ago
 * @param present resource ids of the instances that there are, where the snapshots come from
 */
export async function pruneCopies(
  target: RdsSession,
  copies: readonly SnapshotCopy[],
  present: ReadonlySet<string>,
  rules: CopyRules,
): Promise<{ readonly pruned: PruneReport['pruned']; readonly pruneFailures: readonly PruneFailure[] }> {
  const expired = expiredCopies(copies, present, rules, target.clock.now()).reverse();
  const { pruned, failed: pruneFailures } = await deleteExpired(target, expired);
  return { pruned, pruneFailures };
}
