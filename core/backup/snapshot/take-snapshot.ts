import type { DBSnapshot } from '@aws-sdk/client-rds';
import {
  InstanceBusyError,
  InstanceMismatchError,
  InstanceNotFoundError,
  InstanceUnavailableError,
  SnapshotConflictError,
  SnapshotKeyError,
  SnapshotQuotaError,
} from './errors';
import { snapshotIdentifier } from './identifier';
import { adviceOn, isKnownState, verdictOn } from './instance-state';
import { isOurs, ownerTags, type SnapshotOwner } from './ownership';
import { pruneSnapshots, type PruneReport, type RetentionRules } from './prune';
import {
  createSnapshot,
  describeInstance,
  findSnapshot,
  isFault,
  REPORTING_MS,
  type RdsSession,
} from './rds-calls';

/** How often an instance that is busy is looked at again. */
const POLL_MS = 15_000;

export interface SnapshotRequest {
  readonly environment: string;
  readonly instanceIdentifier: string;
  /** RDS's immutable id of the instance (`db-ABC…`): a name can change hands. */
  readonly instanceResourceId: string;
  /** The instant that the schedule meant. The same instant is the same snapshot. */
  readonly scheduledFor: Date;
  readonly retention: RetentionRules;
}

export interface TakenSnapshot {
  readonly identifier: string;
  /** When RDS accepted it. Absent when an earlier run, or another at the same time, had made it. */
  readonly startedAt?: Date;
  /** What had to be pruned to make room, when the quota was used up. */
  readonly prunedForRoom?: PruneReport;
}

/**
 * Sees to it that the snapshot for the scheduled instant exists: adopts the one that is there, or waits until
 * the instance lets itself be snapshot and makes it. Safe to repeat and to run twice at once.
 *
 * @throws InstanceNotFoundError, InstanceMismatchError, InstanceUnavailableError, SnapshotQuotaError,
 *   SnapshotConflictError, SnapshotKeyError; and to be retried InstanceBusyError, RdsThrottledError
 */
export async function takeSnapshot(session: RdsSession, request: SnapshotRequest): Promise<TakenSnapshot> {
  const owner = ownerOf(request);
  const identifier = snapshotIdentifier(request.instanceIdentifier, request.scheduledFor);
  let prunedForRoom: PruneReport | undefined;
  const taken = (startedAt?: Date): TakenSnapshot => ({
    identifier,
    ...(startedAt && { startedAt }),
    ...(prunedForRoom && { prunedForRoom }),
  });

  // Before any waiting, because a snapshot in the making is what keeps the instance busy.
  await requireInstance(session, request);
  const existing = await findSnapshot(session, identifier);
  if (existing) {
    requireOurs(existing, identifier, owner);
    return taken();
  }

  for (;;) {
    await untilTakeable(session, request);
    try {
      await createSnapshot(session, {
        identifier,
        instanceIdentifier: request.instanceIdentifier,
        tags: ownerTags(owner, request.scheduledFor),
      });
      return taken(session.clock.now());
    } catch (error) {
      if (isFault(error, 'DBSnapshotAlreadyExists')) {
        // Two invocations at once, or an earlier attempt whose answer was lost.
        const other = await findSnapshot(session, identifier);
        if (other) {
          requireOurs(other, identifier, owner);
          return taken();
        }
        await waitOrHandBack(session, request, 'about to lose a snapshot of the same name', error);
        continue;
      }
      if (isFault(error, 'SnapshotQuotaExceeded')) {
        if (prunedForRoom) throw quotaError(prunedForRoom, error);
        // By the normal rules only: an emergency is no reason to delete what the team decided to keep.
        prunedForRoom = await pruneSnapshots(session, owner, request.retention);
        if (prunedForRoom.pruned.length === 0) throw quotaError(prunedForRoom, error);
        // A snapshot counts until RDS has finished deleting it.
        await waitOrHandBack(session, request, 'waiting for room among the snapshots', error);
        continue;
      }
      // The state changed between our look and our call.
      if (isFault(error, 'InvalidDBInstanceState')) {
        await waitOrHandBack(session, request, 'busy again just when the snapshot was to start', error);
        continue;
      }
      if (isFault(error, 'DBInstanceNotFound')) throw notFound(request, error);
      if (isKeyFault(error)) throw keyError(request, error);
      throw error;
    }
  }
}

export function ownerOf({ environment, instanceResourceId }: SnapshotRequest): SnapshotOwner {
  return { environment, instanceResourceId };
}

async function untilTakeable(session: RdsSession, request: SnapshotRequest): Promise<void> {
  for (;;) {
    const state = await requireInstance(session, request);
    const verdict = verdictOn(state);
    if (verdict === 'take') return;
    if (verdict === 'stop') {
      throw new InstanceUnavailableError(
        `${request.instanceIdentifier} is ${state}, which does not pass by itself, so no snapshot was taken; ${adviceOn(state)}`,
      );
    }
    await waitOrHandBack(session, request, isKnownState(state) ? state : `${state} (a state unknown to us)`);
  }
}

/** @returns the instance's state */
async function requireInstance(session: RdsSession, request: SnapshotRequest): Promise<string> {
  const instance = await describeInstance(session, request.instanceIdentifier);
  if (!instance) throw notFound(request);
  if (instance.DbiResourceId !== request.instanceResourceId) {
    throw new InstanceMismatchError(
      `${request.instanceIdentifier} is now ${instance.DbiResourceId ?? 'an instance without a resource id'}, not ` +
        `${request.instanceResourceId}: another instance took over the name. Nothing was taken or pruned. If that ` +
        `is meant (after a restore), set database.resourceId in its configuration to the new id and deploy the Backup stack`,
    );
  }
  return instance.DBInstanceStatus ?? 'without a state';
}

async function waitOrHandBack(
  { clock, deadline, signal }: RdsSession,
  { instanceIdentifier }: SnapshotRequest,
  state: string,
  cause?: unknown,
): Promise<void> {
  if (clock.now().getTime() + POLL_MS > deadline.getTime() - REPORTING_MS) {
    throw new InstanceBusyError(
      `${instanceIdentifier} was ${state} until the time ran out, so no snapshot was taken yet; the retry of this ` +
        `event goes on. If the retries fail too, see what the instance is doing and invoke the function by hand after it`,
      { cause },
    );
  }
  await clock.sleep(POLL_MS, signal);
}

function requireOurs(snapshot: DBSnapshot, identifier: string, owner: SnapshotOwner): void {
  if (isOurs(snapshot, owner)) return;
  throw new SnapshotConflictError(
    `a snapshot called ${identifier} exists and does not carry this job's tags, so it is somebody else's and was ` +
      `left alone. Copy it to another name if it is needed, delete it, and invoke the function again`,
  );
}

function notFound(
  { instanceIdentifier, instanceResourceId }: SnapshotRequest,
  cause?: unknown,
): InstanceNotFoundError {
  return new InstanceNotFoundError(
    `${instanceIdentifier} (${instanceResourceId}) does not exist. Nothing was pruned: its snapshots may be all that ` +
      `is left. If it was deleted by accident, restore the newest one (docs/runbook.md, restore); if on purpose, ` +
      `destroy the Backup stack's schedule`,
    { cause },
  );
}

function quotaError({ pruned, failed }: PruneReport, cause: unknown): SnapshotQuotaError {
  return new SnapshotQuotaError(
    `the account has no manual RDS snapshot left in this Region, and pruning what had expired freed ${pruned.length}` +
      `${failed.length > 0 ? ` (${failed.length} could not be deleted)` : ''}. Delete snapshots that nobody needs, or ` +
      `have the quota "Manual DB instance snapshots" raised in Service Quotas; then invoke the function again`,
    { cause },
  );
}

function keyError({ instanceIdentifier }: SnapshotRequest, cause: unknown): SnapshotKeyError {
  return new SnapshotKeyError(
    `the KMS key of ${instanceIdentifier} can't be used, so no snapshot can be taken. See in KMS whether it is ` +
      `disabled or pending deletion, and cancel that now: without the key the database and its backups are lost`,
    { cause },
  );
}

function isKeyFault(error: unknown): boolean {
  return isFault(error, 'KMSKeyNotAccessible') || (error instanceof Error && error.name.startsWith('KMS'));
}
