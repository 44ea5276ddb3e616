import { DAY_MS, PERIODS, periodOf, type Period } from './calendar';
import { groupBy } from '../../shared/group-by';
import { RetentionPolicy, type RetentionPolicyInput } from './policy';
import type { Circumstances, KeepReason, KeepRule, RetentionBackup, RetentionPlan } from './types';

/**
 * Decides which backups stay and which may go. Pure: it touches nothing, and planning again after the plan was
 * carried out prunes nothing more. A backup goes only if no rule keeps it.
 *
 * Floors and periods are counted per instance, database and kind. What counts is ours, finished and plausibly
 * dated; whatever else is in the list is kept and displaces nothing.
 *
 * @throws RangeError when `now` is not a date, ZodError when the policy is not one
 */
export function planRetention(
  backups: readonly RetentionBackup[],
  policyInput: RetentionPolicyInput,
  circumstances: Circumstances,
): RetentionPlan {
  const policy = RetentionPolicy.parse(policyInput);
  const { now } = circumstances;
  if (Number.isNaN(now.getTime())) {
    throw new RangeError('the present time is not a date; take it from the service, not from a parsed text');
  }
  const distinct = withoutRepetitions(backups).sort(newestFirst);
  const reasons = new Reasons();

  const perIdentity = groupBy(distinct, identityOf);
  for (const backup of distinct) {
    protectionsOf(backup, circumstances).forEach((reason) => reasons.add(backup, reason));
    if ((perIdentity.get(identityOf(backup))?.length ?? 0) > 1) {
      reasons.add(backup, because('ambiguous-identity', 'another one of the same identity differs'));
    }
  }

  const counting = distinct.filter((backup) => !reasons.of(backup).some(({ rule }) => NOT_COUNTED.has(rule)));
  for (const group of groupBy(counting, groupOf).values()) {
    keepFloor(group, policy, reasons);
    keepRecent(group, policy, now, reasons);
    for (const period of PERIODS) keepPerPeriod(group, period, policy, reasons);
  }

  const expired = `older than ${policy.keepDays} days, and no other rule keeps it`;
  return {
    now,
    policy,
    keep: distinct
      .map((backup) => ({ backup, reasons: reasons.of(backup) }))
      .filter(({ reasons }) => reasons.length > 0),
    prune: distinct
      .filter((backup) => reasons.of(backup).length === 0)
      .map((backup) => ({ backup, reason: expired })),
  };
}

/** What has one of these is kept and counts for nothing. A lock or a hold ends, and until then it is a backup like any other. */
const NOT_COUNTED: ReadonlySet<KeepRule> = new Set<KeepRule>([
  'not-ours',
  'date-not-plausible',
  'not-finished',
  'ambiguous-identity',
]);

/** What keeps a backup whatever others there are. */
function protectionsOf(backup: RetentionBackup, { now, lastRuns }: Circumstances): KeepReason[] {
  const reasons: KeepReason[] = [];
  if (!backup.managed) reasons.push(because('not-ours', 'we did not make it'));
  if (backup.legalHold) reasons.push(because('legal-hold', 'under legal hold'));
  const { lockedUntil } = backup;
  // A date that cannot be read is a lock that may not have ended.
  if (lockedUntil && !(lockedUntil <= now)) {
    reasons.push(because('object-lock', `locked until ${isoOf(lockedUntil)}`));
  }
  const lastRun = lastRuns[backup.kind];
  if (lastRun !== 'succeeded') {
    const ended = lastRun === 'failed' ? 'failed' : 'ended in a way we do not know';
    reasons.push(because('last-run-failed', `the last ${backup.kind} run ${ended}`));
  }
  if (!isDated(backup)) reasons.push(because('date-not-plausible', 'its date is unknown'));
  else if (backup.createdAt > now) {
    reasons.push(because('date-not-plausible', `dated ${isoOf(backup.createdAt)}, which is in the future`));
  }
  if (backup.status !== 'finished') reasons.push(because('not-finished', `it is ${backup.status}`));
  return reasons;
}

/** @param group of one database, newest first */
function keepFloor(group: readonly RetentionBackup[], policy: RetentionPolicy, reasons: Reasons): void {
  const floor = policy.keepNewestVerified;
  const verified = group.filter(isVerified);
  verified.slice(0, floor).forEach((backup, index) => {
    reasons.add(backup, because('newest-verified', `verified one ${index + 1} of ${floor}`));
  });
  group.slice(0, floor).forEach((backup, index) => {
    reasons.add(backup, because('newest-finished', `finished one ${index + 1} of ${floor}`));
  });
  // The floor covers it; it is said all the same, for this one is never to be had again.
  const last = verified[0] ?? group[0];
  if (last && group.some(({ instanceDeleted }) => instanceDeleted)) {
    reasons.add(
      last,
      because('last-of-deleted-instance', `the last of ${last.dbiResourceId}, which is gone`),
    );
  }
}

/** @param group of one database, newest first */
function keepRecent(
  group: readonly RetentionBackup[],
  { keepDays }: RetentionPolicy,
  now: Date,
  reasons: Reasons,
): void {
  if (keepDays === 0) return;
  const beginning = now.getTime() - keepDays * DAY_MS;
  const older = group.findIndex(({ createdAt }) => createdAt.getTime() < beginning);
  for (const backup of older === -1 ? group : group.slice(0, older)) {
    reasons.add(backup, because('keep-days', `younger than ${keepDays} days`));
  }
  const first = group[older];
  if (first) {
    reasons.add(first, because('beginning-of-keep-days', `the newest of those older than ${keepDays} days`));
  }
}

/**
 * Of each period the last verified backup, or the last one if none is verified: a bad backup at the end of a
 * month must not push out the month's good ones.
 *
 * @param group of one database, newest first
 */
function keepPerPeriod(
  group: readonly RetentionBackup[],
  period: Period,
  policy: RetentionPolicy,
  reasons: Reasons,
): void {
  const count = countOf(period, policy);
  const periods = groupBy(group, ({ createdAt }) => periodOf(createdAt, period));
  // The map keeps the group's order, so its first periods are the newest.
  for (const [name, inPeriod] of [...periods].slice(0, count)) {
    const verified = inPeriod.find(isVerified);
    const chosen = verified ?? inPeriod[0];
    if (chosen) {
      reasons.add(chosen, because(`keep-${period}`, `last ${verified ? 'verified ' : ''}one of ${name}`));
    }
  }
}

function countOf(period: Period, policy: RetentionPolicy): number {
  switch (period) {
    case 'daily':
      return policy.keepDaily;
    case 'weekly':
      return policy.keepWeekly;
    case 'monthly':
      return policy.keepMonthly;
    case 'yearly':
      return policy.keepYearly;
  }
}

class Reasons {
  private readonly byBackup = new Map<RetentionBackup, KeepReason[]>();

  add(backup: RetentionBackup, reason: KeepReason): void {
    this.byBackup.set(backup, [...this.of(backup), reason]);
  }

  of(backup: RetentionBackup): readonly KeepReason[] {
    return this.byBackup.get(backup) ?? [];
  }
}

function because(rule: KeepRule, detail: string): KeepReason {
  return { rule, detail };
}

/** What a deletion would address: an id is unique within its kind and, for dumps, within its database's name. */
function identityOf({ kind, database, id }: RetentionBackup): string {
  return JSON.stringify([kind, database, id]);
}

function groupOf({ kind, dbiResourceId, database }: RetentionBackup): string {
  return JSON.stringify([kind, dbiResourceId, database]);
}

/** Listings that overlap bring the same backup twice. Those of one identity that differ all stay in the list. */
function withoutRepetitions(backups: readonly RetentionBackup[]): RetentionBackup[] {
  return [...new Map(backups.map((backup) => [factsOf(backup), backup])).values()];
}

function factsOf(backup: RetentionBackup): string {
  return JSON.stringify(Object.entries(backup).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Clients give the epoch, or no date at all, for what a service left out. */
function isDated({ createdAt }: RetentionBackup): boolean {
  return createdAt.getTime() > 0;
}

function isVerified({ verifiedAt }: RetentionBackup): boolean {
  return verifiedAt !== undefined && verifiedAt.getTime() > 0;
}

function isoOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unknown date' : date.toISOString();
}

/** Services give whole seconds, so ids break ties and the order does not depend on the input's. */
function newestFirst(a: RetentionBackup, b: RetentionBackup): number {
  const [timeOfA, timeOfB] = [a, b].map((backup) => (isDated(backup) ? backup.createdAt.getTime() : 0));
  return (
    (timeOfB ?? 0) - (timeOfA ?? 0) ||
    compare(b.id, a.id) ||
    compare(identityOf(b), identityOf(a)) ||
    compare(factsOf(b), factsOf(a))
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
