import * as z from 'zod';
import type { BackupFacts, DrillFact, DumpFacts, OffsiteFacts, RetentionFacts, SnapshotFact } from './facts';
import { isUnreadable, type Observed } from './facts';
import { type Check, HealthReport, worstOf, type CheckStatus } from './report';

const Hours = z.number().positive();

/**
 * What is allowed. The defaults fit a daily dump and a daily snapshot: two hours of grace before a warning,
 * a second missed run before it is critical.
 */
export const HealthLimits = z.strictObject({
  snapshotWarningHours: Hours.default(26),
  snapshotCriticalHours: Hours.default(50),
  dumpWarningHours: Hours.default(26),
  dumpCriticalHours: Hours.default(50),
  /** How far the newest dump may lie from the trailing median, as a share of it, before it is looked at. */
  sizeDropWarning: z.number().min(0).max(1).default(0.3),
  sizeDropCritical: z.number().min(0).max(1).default(0.6),
  sizeGrowthWarning: z.number().positive().default(1),
  /** How many earlier dumps make the median; fewer than three say nothing. */
  sizeWindow: z.number().int().min(3).default(14),
  drillWarningDays: z.number().positive().default(8),
  drillCriticalDays: z.number().positive().default(15),
  drillRequired: z.boolean().default(true),
  recoveryTimeObjectiveSeconds: z.number().positive().default(1800),
  offsiteWarningHours: Hours.default(26),
  offsiteCriticalHours: Hours.default(50),
  offsiteRequired: z.boolean().default(false),
});
export type HealthLimits = z.output<typeof HealthLimits>;

/** Judges what was observed. Pure: the same facts give the same report. */
export function evaluateHealth(facts: BackupFacts, limits: HealthLimits): HealthReport {
  const now = facts.observedAt;
  const checks: Check[] = [
    unlessUnreadable('snapshot-freshness', facts.snapshots, (snapshots) =>
      snapshotFreshness(snapshots, limits, now),
    ),
    unlessUnreadable('dump-freshness', facts.dumps, (dumps) => dumpFreshness(dumps, limits, now)),
    unlessUnreadable('completeness', facts.dumps, completeness),
    unlessUnreadable('size-anomaly', facts.dumps, (dumps) => sizeAnomaly(dumps, limits)),
    unlessUnreadable('retention', facts.retention, retentionKept),
    unlessUnreadable('restore-drill', facts.drill, (drill) => restoreDrill(drill, limits, now)),
    unlessUnreadable('off-site-copy', facts.offsite, (offsite) => offsiteCopy(offsite, limits, now)),
  ];
  return HealthReport.parse({
    reportVersion: 1,
    environment: facts.environment,
    observedAt: now.toISOString(),
    status: worstOf(checks),
    checks,
  });
}

type Judgement = Omit<Check, 'name' | 'runbook'>;

function unlessUnreadable<T extends object | undefined>(
  name: Check['name'],
  observed: Observed<T>,
  judge: (facts: T) => Judgement,
): Check {
  const judgement: Judgement = isUnreadable(observed)
    ? { status: 'not-run', figure: 'unknown', limit: 'readable', detail: `not run: ${observed.unreadable}` }
    : judge(observed);
  return { name, ...judgement, runbook: `docs/runbook.md#${name}` };
}

function snapshotFreshness(snapshots: readonly SnapshotFact[], limits: HealthLimits, now: Date): Judgement {
  const newest = newestOf(snapshots.filter((snapshot) => snapshot.status === 'available'));
  const failed = snapshots.filter((snapshot) => snapshot.status === 'failed').map((snapshot) => snapshot.id);
  const note = failed.length > 0 ? `; failed: ${failed.join(', ')}` : '';
  return freshness(newest, limits.snapshotWarningHours, limits.snapshotCriticalHours, now, 'snapshot', note);
}

function dumpFreshness(dumps: DumpFacts, limits: HealthLimits, now: Date): Judgement {
  return freshness(
    newestOf(dumps.listed),
    limits.dumpWarningHours,
    limits.dumpCriticalHours,
    now,
    'dump',
    '',
  );
}

function freshness(
  newest: { id: string; createdAt: Date } | undefined,
  warningHours: number,
  criticalHours: number,
  now: Date,
  noun: string,
  note: string,
): Judgement {
  const limit = `warning after ${warningHours} h, critical after ${criticalHours} h`;
  if (!newest) return { status: 'critical', figure: 'none', limit, detail: `there is no ${noun}${note}` };
  const age = hoursBetween(newest.createdAt, now);
  if (age < -CLOCK_TOLERANCE_HOURS) {
    return {
      status: 'warning',
      figure: `${formatHours(-age)} in the future`,
      limit,
      detail: `the newest ${noun}, ${newest.id}, is dated in the future: a clock is wrong${note}`,
    };
  }
  return {
    status: graded(age, warningHours, criticalHours),
    figure: formatHours(Math.max(age, 0)),
    limit,
    detail: `the newest ${noun} is ${newest.id}${note}`,
  };
}

function completeness(dumps: DumpFacts): Judgement {
  const count = dumps.rejected.length;
  const damaged = dumps.rejected.some(({ isLeftover }) => !isLeftover);
  return {
    status: count === 0 ? 'ok' : damaged ? 'critical' : 'warning',
    figure: `${dumps.listed.length} whole, ${count} not`,
    limit: 'manifest, size and checksum agree with S3 for each',
    detail: count === 0 ? 'every manifest agrees with S3' : dumps.rejected.map(describeRejection).join('; '),
  };
}

function sizeAnomaly(dumps: DumpFacts, limits: HealthLimits): Judgement {
  const [newest, ...earlier] = [...dumps.listed].sort(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime(),
  );
  const window = earlier.slice(0, limits.sizeWindow).map((dump) => dump.bytes);
  const limit = `at most ${percent(limits.sizeDropWarning)} below or ${percent(limits.sizeGrowthWarning)} above the median`;
  if (!newest || window.length < 3) {
    return {
      status: 'ok',
      figure: `${window.length} earlier dumps`,
      limit,
      detail: 'too few dumps to compare with',
    };
  }
  const median = medianOf(window);
  const change = median === 0 ? 0 : (newest.bytes - median) / median;
  return {
    status:
      change <= -limits.sizeDropCritical
        ? 'critical'
        : change <= -limits.sizeDropWarning || change >= limits.sizeGrowthWarning
          ? 'warning'
          : 'ok',
    figure: `${change >= 0 ? '+' : '−'}${percent(Math.abs(change))}`,
    limit,
    detail: `${newest.id} has ${newest.bytes} bytes, the median of the ${window.length} before it is ${median}`,
  };
}

function retentionKept(facts: RetentionFacts): Judgement {
  const { missing, overdue } = facts;
  return {
    status: missing.length > 0 ? 'critical' : overdue.length > 0 ? 'warning' : 'ok',
    figure: `${missing.length} missing, ${overdue.length} overdue`,
    limit: 'none missing, none overdue',
    detail:
      [
        missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
        overdue.length > 0 ? `should have been pruned: ${overdue.join(', ')}` : '',
      ]
        .filter(Boolean)
        .join('; ') || 'what the policy keeps is there, and nothing else',
  };
}

function restoreDrill(drill: DrillFact | undefined, limits: HealthLimits, now: Date): Judgement {
  const limit =
    `passed within ${limits.drillWarningDays} days, ` +
    `recovery in at most ${Math.round(limits.recoveryTimeObjectiveSeconds / 60)} min`;
  if (!drill) {
    return limits.drillRequired
      ? { status: 'critical', figure: 'never', limit, detail: 'no restore drill has ever run' }
      : { status: 'ok', figure: 'never', limit: 'not required here', detail: 'this environment has none' };
  }
  if (drill.verdict !== 'passed') {
    return {
      status: 'critical',
      figure: drill.verdict,
      limit,
      detail: `drill ${drill.id} ended as ${drill.verdict}`,
    };
  }
  const days = hoursBetween(drill.finishedAt, now) / 24;
  const slow = drill.recoverySeconds > limits.recoveryTimeObjectiveSeconds;
  const byAge = graded(days, limits.drillWarningDays, limits.drillCriticalDays);
  return {
    status: slow ? 'critical' : byAge,
    figure: `${days.toFixed(1)} days ago, recovery in ${(drill.recoverySeconds / 60).toFixed(1)} min`,
    limit,
    detail: slow
      ? `drill ${drill.id} passed but took longer than the recovery time objective`
      : `drill ${drill.id} passed`,
  };
}

function offsiteCopy(offsite: OffsiteFacts | undefined, limits: HealthLimits, now: Date): Judgement {
  const limit = `encrypted, at most ${limits.offsiteWarningHours} h behind`;
  if (!offsite) {
    return limits.offsiteRequired
      ? {
          status: 'critical',
          figure: 'none',
          limit,
          detail: 'an off-site copy is required and not configured',
        }
      : {
          status: 'ok',
          figure: 'not configured',
          limit: 'not required here',
          detail: 'this environment keeps none',
        };
  }
  const faults = [
    offsite.encrypted ? '' : 'the copy is not encrypted with a customer key',
    offsite.lockRequired && !offsite.locked ? 'object lock is off there' : '',
  ].filter(Boolean);
  if (!offsite.newestCopyAt) faults.push(`nothing has arrived in ${offsite.region}`);
  if (faults.length > 0 || !offsite.newestCopyAt) {
    return { status: 'critical', figure: offsite.region, limit, detail: faults.join('; ') };
  }
  const age = hoursBetween(offsite.newestCopyAt, now);
  return {
    status: graded(age, limits.offsiteWarningHours, limits.offsiteCriticalHours),
    figure: formatHours(Math.max(age, 0)),
    limit,
    detail: `the newest copy in ${offsite.region} is encrypted${offsite.locked ? ' and locked' : ''}`,
  };
}

/** Services' clocks differ by seconds; a quarter of an hour is already a fault. */
const CLOCK_TOLERANCE_HOURS = 0.25;

function graded(value: number, warning: number, critical: number): CheckStatus {
  return value > critical ? 'critical' : value > warning ? 'warning' : 'ok';
}

function newestOf<T extends { createdAt: Date }>(items: readonly T[]): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best && best.createdAt >= item.createdAt ? best : item),
    undefined,
  );
}

function hoursBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 3_600_000;
}

function formatHours(hours: number): string {
  const minutes = Math.floor(hours * 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (upper + lower) / 2;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function describeRejection(rejected: { key: string; reason: string }): string {
  return `${rejected.key}: ${rejected.reason}`;
}
