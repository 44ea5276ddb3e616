import { planRetention, type RetentionBackup, type RetentionPolicyInput } from '../retention';
import type { SnapshotCopy, SourceSnapshot } from './copy';
import { copyIdentifier } from './copy';

export interface CopyRules {
  /** Days after which a copy may be pruned, counted from when its data was captured. */
  readonly retentionDays: number;
  /** Of each instance the newest this many complete ones stay, whatever their age. Never fewer than one stays. */
  readonly keepNewest: number;
}

export interface CopyPlan {
  /** What has no copy and would be kept if it had one, newest first: the newest is worth most, and comes first. */
  readonly missing: readonly SourceSnapshot[];
  /** Copies that RDS is at. */
  readonly inFlight: readonly SnapshotCopy[];
  /** Copies that never become one to restore from. */
  readonly broken: readonly SnapshotCopy[];
}

/** What RDS calls a copy that goes on by itself. */
const IN_FLIGHT: ReadonlySet<string> = new Set(['creating', 'copying', 'pending', 'modifying']);
/** What RDS calls a copy that never becomes one. */
const BROKEN: ReadonlySet<string> = new Set(['failed', 'error', 'incompatible-restore']);

export function isInFlight(status: string): boolean {
  return IN_FLIGHT.has(status);
}

/**
 * What is to be copied. Pure. A snapshot that the same rules would prune as soon as it had arrived is not copied.
 *
 * @param sources complete ones that our snapshot function made
 * @param copies all that we made in the other Region
 */
export function planCopies(
  sources: readonly SourceSnapshot[],
  copies: readonly SnapshotCopy[],
  rules: CopyRules,
  now: Date,
): CopyPlan {
  const copied = new Set(copies.map((copy) => madeOf(copy.identifier, copy)));
  const wanted = keptOf(
    sources.map((source) => ({
      ...source,
      id: copyIdentifier(source.identifier),
      status: 'finished' as const,
      instanceDeleted: false,
    })),
    rules,
    now,
  );
  return {
    missing: sources
      .filter((source) => {
        const id = copyIdentifier(source.identifier);
        const made = madeOf(id, { copyOf: source.arn, instanceResourceId: source.instanceResourceId });
        return wanted.has(id) && !copied.has(made);
      })
      .sort(
        (a, b) => b.capturedAt.getTime() - a.capturedAt.getTime() || (a.identifier < b.identifier ? 1 : -1),
      ),
    inFlight: copies.filter(({ status }) => IN_FLIGHT.has(status)),
    broken: copies.filter(({ status }) => BROKEN.has(status)),
  };
}

/**
 * Which copies may go, newest first. Pure. Never one that is not complete or whose age is unknown, and never the
 * newest complete ones of an instance: so a month in which nothing arrives prunes nothing more once it has reached
 * them, and of an instance that is gone the last ones stay.
 *
 * @param present resource ids of the instances that there are, where the snapshots come from
 */
export function expiredCopies(
  copies: readonly SnapshotCopy[],
  present: ReadonlySet<string>,
  rules: CopyRules,
  now: Date,
): string[] {
  const backups = copies.map((copy) => ({
    id: copy.identifier,
    instanceResourceId: copy.instanceResourceId,
    capturedAt: copy.capturedAt,
    status: statusOf(copy),
    instanceDeleted: !present.has(copy.instanceResourceId),
  }));
  return planFor(backups, rules, now).prune.map(({ backup }) => backup.id);
}

/** A name alone says little: another instance may have had the source's name once. */
function madeOf(identifier: string, origin: Pick<SnapshotCopy, 'copyOf' | 'instanceResourceId'>): string {
  return JSON.stringify([identifier, origin.copyOf, origin.instanceResourceId]);
}

interface Candidate {
  readonly id: string;
  readonly instanceResourceId: string;
  readonly capturedAt: Date | undefined;
  readonly status: RetentionBackup['status'];
  readonly instanceDeleted: boolean;
}

function keptOf(candidates: readonly Candidate[], rules: CopyRules, now: Date): Set<string> {
  return new Set(planFor(candidates, rules, now).keep.map(({ backup }) => backup.id));
}

function planFor(candidates: readonly Candidate[], { retentionDays, keepNewest }: CopyRules, now: Date) {
  const policy: RetentionPolicyInput = {
    keepDays: retentionDays,
    keepNewestVerified: Math.max(1, keepNewest),
  };
  const backups = candidates.map((candidate): RetentionBackup => ({
    id: candidate.id,
    kind: 'manual-snapshot',
    dbiResourceId: candidate.instanceResourceId,
    // A date that cannot be: the plan keeps what has none, and counts it for nothing.
    createdAt: candidate.capturedAt ?? new Date(Number.NaN),
    status: candidate.status,
    legalHold: false,
    managed: true,
    instanceDeleted: candidate.instanceDeleted,
  }));
  // Whether the run went well is the caller's to know: it prunes only then.
  return planRetention(backups, policy, {
    now,
    lastRuns: { dump: 'unknown', 'manual-snapshot': 'succeeded' },
  });
}

function statusOf({ status }: SnapshotCopy): RetentionBackup['status'] {
  if (status === 'available') return 'finished';
  return IN_FLIGHT.has(status) ? 'unfinished' : 'failed';
}
