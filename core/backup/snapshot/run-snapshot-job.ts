import { awaitCompletion } from './await-completion';
import { pruneSnapshots, type PruneFailure } from './prune';
import { manualSnapshotQuotaUsed, type RdsSession } from './rds-calls';
import { ownerOf, takeSnapshot, type SnapshotRequest } from './take-snapshot';
import { saidBy } from '../../shared/errors';

/** What a run did, for the log, the metrics and whoever invoked it. */
export interface SnapshotReport {
  readonly snapshotIdentifier: string;
  readonly instanceIdentifier: string;
  readonly instanceResourceId: string;
  /** ISO 8601, UTC. */
  readonly scheduledFor: string;
  /** False when the snapshot was there already. */
  readonly created: boolean;
  /** `creating`: RDS was still at it when the run ended, so nothing is proven yet. */
  readonly status: 'available' | 'creating';
  readonly percentProgress: number;
  /** From the moment RDS accepted it to `available`, to the 15 seconds of a look; only when this run saw both. */
  readonly durationSeconds?: number;
  /** The identifiers that retention removed. */
  readonly pruned: readonly string[];
  readonly pruneFailures: readonly PruneFailure[];
  /** Of the account's manual snapshots in this Region. Absent when RDS did not say. */
  readonly quotaUsedPercent?: number;
  /** Why the quota is absent. */
  readonly quotaUnknownBecause?: string;
}

/**
 * Takes the snapshot for one scheduled instant, follows it until it is complete or the time is nearly up, and
 * prunes what has expired. Pruning comes last and only when all went well, so that a night of failures removes
 * nothing; it does run while the new snapshot is still `creating`, which doesn't count among the newest kept.
 *
 * @throws what {@link takeSnapshot} and {@link awaitCompletion} throw
 */
export async function runSnapshotJob(session: RdsSession, request: SnapshotRequest): Promise<SnapshotReport> {
  const taken = await takeSnapshot(session, request);
  const completion = await awaitCompletion(session, taken.identifier);
  const durationSeconds =
    taken.startedAt && completion.status === 'available'
      ? (session.clock.now().getTime() - taken.startedAt.getTime()) / 1000
      : undefined;
  const afterwards = await pruneSnapshots(session, ownerOf(request), request.retention);

  return {
    snapshotIdentifier: taken.identifier,
    instanceIdentifier: request.instanceIdentifier,
    instanceResourceId: request.instanceResourceId,
    scheduledFor: request.scheduledFor.toISOString(),
    created: taken.startedAt !== undefined,
    ...completion,
    ...(durationSeconds !== undefined && { durationSeconds }),
    pruned: [...(taken.prunedForRoom?.pruned ?? []), ...afterwards.pruned],
    // What could not be deleted to make room was tried again afterwards, so it is counted once.
    pruneFailures: afterwards.failed,
    ...(await quota(session)),
  };
}

async function quota(
  session: RdsSession,
): Promise<Pick<SnapshotReport, 'quotaUsedPercent' | 'quotaUnknownBecause'>> {
  try {
    const quotaUsedPercent = await manualSnapshotQuotaUsed(session);
    return quotaUsedPercent === undefined
      ? { quotaUnknownBecause: 'RDS names no quota called ManualSnapshots' }
      : { quotaUsedPercent };
  } catch (error) {
    return {
      quotaUnknownBecause: saidBy(error),
    };
  }
}
