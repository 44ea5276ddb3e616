import type { DBSnapshot } from '@aws-sdk/client-rds';
import { saidBy } from '../../shared/errors';
import { RdsThrottledError } from '../snapshot/errors';
import type { PruneFailure } from '../snapshot/prune';
import {
  copySnapshot,
  deleteSnapshot,
  findSnapshot,
  isFault,
  listInstances,
  listManualSnapshots,
  manualSnapshotQuotaUsed,
  REPORTING_MS,
  type RdsSession,
} from '../snapshot/rds-calls';
import { copyIdentifier, copyOf, copyTags, sourceOf, type SnapshotCopy, type SourceSnapshot } from './copy';
import { SnapshotCopyError, type CopyFailure } from './errors';
import { isInFlight, planCopies, type CopyRules } from './plan-copies';
import { pruneCopies } from './prune-copies';

/**
 * How many copies of the account we let RDS be at, at a time: five was its limit for a long time, and still is what
 * a person's copies are left room beside. RDS takes them one after the other for one instance, so more gain nothing.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
 */
export const COPIES_AT_A_TIME = 5;

export interface CopyRequest {
  readonly environment: string;
  /** Of the Region that the copies are made in. */
  readonly kmsKeyArn: string;
  readonly retention: CopyRules;
}

/** What a run did, for the log and the metrics. */
export interface CopyReport {
  /** Copies that RDS accepted, by their identifiers. */
  readonly started: readonly string[];
  /** What is not copied yet and is left to the next run: RDS is at as many copies as we let it be. */
  readonly waiting: readonly string[];
  /** Sources that went, or were busy, between our look and our call. */
  readonly passedOver: readonly string[];
  /** Copies that RDS was at when the run began. */
  readonly inFlight: number;
  /** When the newest complete copy's data was captured, ISO 8601, UTC. Absent when there is none. */
  readonly newestCapturedAt?: string;
  readonly pruned: readonly string[];
  readonly pruneFailures: readonly PruneFailure[];
  /** Of the account's manual snapshots in the other Region, percent. Absent when RDS did not say. */
  readonly quotaUsedPercent?: number;
}

/**
 * Copies what our snapshot function made and the other Region has not, newest first, and prunes there. It starts
 * copies and waits for none, for RDS may take hours: the next run sees what became of them. Safe to repeat and to run
 * twice at once.
 *
 * Nothing is pruned unless the run went well: both Regions were read, and nothing failed to be copied.
 *
 * @param source where the snapshots are made
 * @param target the other Region
 * @throws SnapshotCopyError, RdsThrottledError, and what RDS says when it cannot be read
 */
export async function copySnapshots(
  source: RdsSession,
  target: RdsSession,
  request: CopyRequest,
): Promise<CopyReport> {
  const { environment, retention } = request;
  const sources = present(
    (await listManualSnapshots(source)).map((snapshot) => sourceOf(snapshot, environment)),
  );
  const instances = new Set((await listInstances(source)).map(({ DbiResourceId }) => DbiResourceId ?? ''));
  const there = await listManualSnapshots(target);
  const copies = present(there.map((snapshot) => copyOf(snapshot, environment)));
  const plan = planCopies(sources, copies, retention, target.clock.now());

  // Whoever makes them: RDS counts all of the account's.
  const busy = there.filter(isBeingCopied).length;
  const room = Math.max(0, COPIES_AT_A_TIME - busy);
  const outcome = await startCopies(target, plan.missing, room, request);
  const failures = [...(await removeBroken(target, plan.broken)), ...outcome.failures];
  if (failures.length > 0) throw new SnapshotCopyError(failures, { cause: outcome.cause });

  const newest = copies
    .filter(({ status }) => status === 'available')
    .reduce((best, { capturedAt }) => Math.max(best, capturedAt?.getTime() ?? 0), 0);
  return {
    started: outcome.started,
    waiting: outcome.waiting,
    passedOver: outcome.passedOver,
    inFlight: busy,
    ...(newest > 0 && { newestCapturedAt: new Date(newest).toISOString() }),
    ...(await pruneCopies(target, copies, instances, retention)),
    ...(await quota(target)),
  };
}

interface Outcome {
  readonly started: string[];
  readonly waiting: string[];
  readonly passedOver: string[];
  readonly failures: CopyFailure[];
  /** What RDS said first. */
  cause?: unknown;
}

async function startCopies(
  target: RdsSession,
  missing: readonly SourceSnapshot[],
  room: number,
  request: CopyRequest,
): Promise<Outcome> {
  const outcome: Outcome = { started: [], waiting: [], passedOver: [], failures: [] };
  for (const [index, snapshot] of missing.entries()) {
    const timeIsUp = target.clock.now().getTime() > target.deadline.getTime() - REPORTING_MS;
    if (outcome.started.length + outcome.failures.length >= room || timeIsUp) {
      outcome.waiting.push(...missing.slice(index).map(({ identifier }) => identifier));
      return outcome;
    }
    const result = await startCopy(target, snapshot, request);
    if (result === 'started') outcome.started.push(copyIdentifier(snapshot.identifier));
    else if (result === 'passed-over') outcome.passedOver.push(snapshot.identifier);
    else if (result === 'full') {
      outcome.waiting.push(...missing.slice(index).map(({ identifier }) => identifier));
      return outcome;
    } else if (result !== 'there') {
      outcome.failures.push(result.failure);
      outcome.cause ??= result.cause;
      if (CONCERNS_ALL.has(result.failure.code)) return outcome;
    }
  }
  return outcome;
}

/** The others would fail for the same reason. */
const CONCERNS_ALL: ReadonlySet<string> = new Set(['SnapshotKeyError', 'SnapshotQuotaError']);

type Started =
  | 'started'
  /** Another run of ours was faster. */
  | 'there'
  /** The source is not one to copy any more. */
  | 'passed-over'
  /** RDS is at as many copies as it takes. */
  | 'full'
  | { readonly failure: CopyFailure; readonly cause: unknown };

async function startCopy(
  target: RdsSession,
  snapshot: SourceSnapshot,
  { environment, kmsKeyArn }: CopyRequest,
): Promise<Started> {
  const identifier = copyIdentifier(snapshot.identifier);
  try {
    const tags = copyTags(snapshot, environment);
    await copySnapshot(target, { sourceArn: snapshot.arn, identifier, kmsKeyArn, tags });
    return 'started';
  } catch (error) {
    if (isFault(error, 'DBSnapshotAlreadyExists')) {
      const other = await findSnapshot(target, identifier);
      const copy = other && copyOf(other, environment);
      const isSame = copy?.copyOf === snapshot.arn && copy.instanceResourceId === snapshot.instanceResourceId;
      return isSame ? 'there' : failed(snapshot, 'SnapshotConflictError', conflict(identifier), error);
    }
    if (isFault(error, 'SnapshotQuotaExceeded')) {
      // One code for two limits: copies at a time, which passes, and manual snapshots, which does not.
      // https://github.com/pbudzon/aws-maintenance/issues/19
      if (error instanceof Error && /across regions|in progress/i.test(error.message)) return 'full';
      return failed(snapshot, 'SnapshotQuotaError', QUOTA, error);
    }
    // Retention took it, or a person has it, since we looked. The next run looks again.
    if (isFault(error, 'DBSnapshotNotFound') || isFault(error, 'InvalidDBSnapshotState'))
      return 'passed-over';
    if (isKeyFault(error)) return failed(snapshot, 'SnapshotKeyError', keyAdvice(error), error);
    if (error instanceof RdsThrottledError) throw error;
    return failed(snapshot, nameOf(error), `${saidBy(error)}; ${OTHERWISE}`, error);
  }
}

/**
 * A copy that failed holds the name that the next one needs, so it is removed: the next run makes it anew. It is
 * a failure all the same, for what was to be there is not.
 */
async function removeBroken(target: RdsSession, broken: readonly SnapshotCopy[]): Promise<CopyFailure[]> {
  const failures: CopyFailure[] = [];
  for (const { identifier, status } of broken) {
    const what = `RDS began this copy and it ended as ${status}`;
    try {
      await deleteSnapshot(target, identifier);
      const message = `${what}; it was removed, and the next run copies it anew. If that fails too, look at the Region's RDS events`;
      failures.push({ identifier, code: 'SnapshotFailedError', message });
    } catch (error) {
      if (isFault(error, 'DBSnapshotNotFound')) continue;
      const message = `${what} and could not be removed (${saidBy(error)}); delete it by hand, so that it is copied anew`;
      failures.push({ identifier, code: 'SnapshotFailedError', message });
    }
  }
  return failures;
}

const QUOTA =
  'the other Region has no manual RDS snapshot left for this account. Delete there what nobody needs, or have the quota ' +
  '"Manual DB instance snapshots" raised in its Service Quotas; the next run goes on';

const OTHERWISE =
  'see that the function may copy this snapshot and tag its copy, and that both Regions are healthy; the next run tries again';

function conflict(identifier: string): string {
  return (
    `a snapshot called ${identifier} is in the other Region and is no copy of this one, so it was left alone. ` +
    'Copy it to another name if it is needed, and delete it'
  );
}

function keyAdvice(error: unknown): string {
  return (
    `a KMS key can't be used (${saidBy(error)}). See whether the database's key here and the replica vault's key ` +
    'there are enabled, and cancel a deletion now: without its key no copy can be restored'
  );
}

function failed(
  { identifier }: SourceSnapshot,
  code: string,
  message: string,
  cause: unknown,
): { readonly failure: CopyFailure; readonly cause: unknown } {
  return { failure: { identifier, code, message }, cause };
}

function isKeyFault(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KMS');
}

function isBeingCopied({ SourceDBSnapshotIdentifier, SourceRegion, Status = '' }: DBSnapshot): boolean {
  return (SourceRegion !== undefined || SourceDBSnapshotIdentifier !== undefined) && isInFlight(Status);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'UnknownError';
}

async function quota(target: RdsSession): Promise<Pick<CopyReport, 'quotaUsedPercent'>> {
  try {
    const quotaUsedPercent = await manualSnapshotQuotaUsed(target);
    return quotaUsedPercent === undefined ? {} : { quotaUsedPercent };
  } catch {
    // It is a figure beside others; the run does not hang on it.
    return {};
  }
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item): item is T => item !== undefined);
}
