import { DAY_MS } from './calendar';
import type { RetentionBackup, RetentionPlan } from './types';

/** A plan as a table for people; the command line draws it. */
export interface PlanTable {
  readonly header: readonly string[];
  /** Backups that go come first: they are what the reader has to agree to. */
  readonly rows: readonly (readonly string[])[];
  /** Such as `2 of 40 backups would be pruned`. */
  readonly summary: string;
}

/** What a dry run shows. */
export function formatPlan(plan: RetentionPlan): PlanTable {
  const row = (action: string, backup: RetentionBackup, why: string): string[] => [
    action,
    backup.kind,
    backup.database ?? backup.dbiResourceId,
    backup.id,
    isoOf(backup.createdAt) ?? 'unknown',
    ageOf(backup, plan.now),
    isoOf(backup.verifiedAt) ?? 'never',
    why,
  ];
  const total = plan.keep.length + plan.prune.length;
  return {
    header: ['ACTION', 'KIND', 'OF', 'BACKUP', 'CREATED (UTC)', 'AGE', 'VERIFIED (UTC)', 'WHY'],
    rows: [
      ...plan.prune.map(({ backup, reason }) => row('prune', backup, reason)),
      ...plan.keep.map(({ backup, reasons }) =>
        row('keep', backup, reasons.map(({ rule, detail }) => `${rule}: ${detail}`).join('; ')),
      ),
    ],
    summary: `${plan.prune.length} of ${total} ${total === 1 ? 'backup' : 'backups'} would be pruned`,
  };
}

/** The same for programs: plain JSON, dates as ISO 8601 in UTC. A field that is not there is `null`. */
export function planAsJson(plan: RetentionPlan) {
  const facts = (backup: RetentionBackup) => ({
    id: backup.id,
    kind: backup.kind,
    dbiResourceId: backup.dbiResourceId,
    database: backup.database ?? null,
    createdAt: isoOf(backup.createdAt),
    verifiedAt: isoOf(backup.verifiedAt),
    lockedUntil: isoOf(backup.lockedUntil),
  });
  return {
    now: isoOf(plan.now),
    policy: plan.policy,
    prune: plan.prune.map(({ backup, reason }) => ({ ...facts(backup), reason })),
    keep: plan.keep.map(({ backup, reasons }) => ({ ...facts(backup), reasons })),
  };
}

function ageOf({ createdAt }: RetentionBackup, now: Date): string {
  const days = (now.getTime() - createdAt.getTime()) / DAY_MS;
  if (Number.isNaN(days)) return 'unknown';
  if (days < 0) return 'in the future';
  return days < 1 ? `${Math.floor(days * 24)} h` : `${Math.floor(days)} d`;
}

function isoOf(date: Date | undefined): string | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
