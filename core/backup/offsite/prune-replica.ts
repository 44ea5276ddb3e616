import type { S3Client } from '@aws-sdk/client-s3';
import type { CataloguedDump } from '../catalogue';
import { withLease, type WithLeaseRequest } from '../lease';
import {
  obstaclesOf,
  pruneDumps,
  surveyDumps,
  type PruneDumpsReport,
  type RetentionPolicy,
} from '../retention';
import { ReplicaPruneIncompleteError } from './errors';
import { REPLICA_RETENTION_LEASE } from './lease-name';

const HOUR_MS = 3_600_000;

export interface PruneReplicaRequest {
  readonly s3: S3Client;
  /** The replica vault. */
  readonly bucket: string;
  readonly policy: RetentionPolicy;
  /**
   * How old the newest dump may be before nothing is pruned any more, hours: replication, or the dump itself, has
   * stopped, and what lies here may be all that there will be.
   */
  readonly freshWithinHours: number;
  /** Who prunes, for whoever finds the lease taken. */
  readonly holder: string;
  readonly signal?: AbortSignal;
  readonly log?: WithLeaseRequest['log'];
  /** @default - the machine's */
  readonly timing?: WithLeaseRequest['timing'];
}

export interface PruneReplicaReport {
  /** Dumps that the replica vault vouches for, before pruning. */
  readonly dumps: number;
  readonly kept: number;
  /** `<database>/<backup id>` of what is a backup no longer. */
  readonly pruned: readonly string[];
  /** What a lock or a hold still keeps, and a later run takes. */
  readonly protected: readonly string[];
  /** Why nothing was pruned; absent when the newest dump is fresh. */
  readonly heldBack?: string;
}

/**
 * Prunes the replica vault's dumps by a policy of its own: deletions are not replicated, so what the source prunes
 * stays here until this does it. It asks nobody but the replica vault, for the source's Region may be lost.
 *
 * @throws LeaseHeldError, CatalogueUnavailableError, VerificationUnavailableError; ReplicaPruneIncompleteError when
 *   something that was to go is still there
 */
export async function pruneReplica(request: PruneReplicaRequest): Promise<PruneReplicaReport> {
  const { s3, bucket, holder, signal, log, timing } = request;
  return withLease(
    { s3, bucket, name: REPLICA_RETENTION_LEASE, holder, signal, log, timing },
    async (lease, whileHeld) => {
      const { policy, freshWithinHours: expectedEveryHours } = request;
      const { catalogue, plan } = await surveyDumps({ s3, bucket, policy, expectedEveryHours });
      const { dumps } = catalogue;
      const heldBack = whyHeldBack(dumps, plan.now, expectedEveryHours);
      if (heldBack !== undefined) {
        return { dumps: dumps.length, kept: dumps.length, pruned: [], protected: [], heldBack };
      }
      await lease.confirm();
      const report = await pruneDumps({ s3, bucket, plan, signal: whileHeld });
      requireComplete(report);
      const named = ({ database, backupId }: PruneDumpsReport['dumps'][number]) => `${database}/${backupId}`;
      return {
        dumps: dumps.length,
        kept: plan.keep.length,
        pruned: report.dumps.filter(({ outcome }) => outcome === 'pruned').map(named),
        protected: plan.keep
          .filter(({ reasons }) =>
            reasons.every(({ rule }) => rule === 'object-lock' || rule === 'legal-hold'),
          )
          .map(({ backup: { database, id } }) => `${database}/${id}`),
      };
    },
  );
}

function whyHeldBack(
  dumps: readonly CataloguedDump[],
  now: Date,
  freshWithinHours: number,
): string | undefined {
  const newest = dumps[0];
  if (!newest) return 'no dump has arrived yet';
  const hours = (now.getTime() - newest.storedAt.getTime()) / HOUR_MS;
  return hours <= freshWithinHours
    ? undefined
    : `the newest dump, ${newest.database}/${newest.backupId}, is ${Math.floor(hours)} hours old and may be ${freshWithinHours}`;
}

function requireComplete(report: PruneDumpsReport): void {
  if (report.complete) return;
  const obstacles = obstaclesOf(report)
    .filter(({ kind }) => kind !== 'protected')
    .map(({ message }) => message);
  const unreached = report.dumps.filter(({ outcome }) => outcome === 'not-reached').length;
  const what = [...obstacles, ...(unreached > 0 ? [`${unreached} dumps were not reached in time`] : [])];
  throw new ReplicaPruneIncompleteError(
    `the replica vault still holds what was to go: ${what.join('; ') || 'it was told to stop'}. The next run tries again`,
  );
}
