import * as z from 'zod';

/**
 * How a check came out. A check whose facts could not be read is `not-run`: it never counts as `ok`, and the
 * report is at least `warning`.
 */
export const CheckStatus = z.enum(['ok', 'warning', 'critical', 'not-run']);
export type CheckStatus = z.output<typeof CheckStatus>;

/** As a metric's value, so that the worst is the greatest. A check that did not run is a warning. */
export const SEVERITY: Readonly<Record<CheckStatus, number>> = {
  ok: 0,
  warning: 1,
  'not-run': 1,
  critical: 2,
};

/** The seven questions that the monitor asks every hour, in the order an operator reads them. */
export const CHECK_NAMES = [
  'snapshot-freshness',
  'dump-freshness',
  'completeness',
  'size-anomaly',
  'retention',
  'restore-drill',
  'off-site-copy',
] as const;

export const Check = z.strictObject({
  name: z.enum(CHECK_NAMES),
  status: CheckStatus,
  /** What was measured, in words and with its unit: `3 h 12 min`. */
  figure: z.string(),
  /** What is allowed, likewise. */
  limit: z.string(),
  /** What to know beyond the figure; names the backups concerned. */
  detail: z.string(),
  /** The section of docs/runbook.md that mends it. */
  runbook: z.string(),
});
export type Check = z.output<typeof Check>;

/** What lies in the vault at `status/health.json` and what `golive monitor --json` prints. */
export const HealthReport = z.strictObject({
  reportVersion: z.literal(1),
  environment: z.string().min(1),
  observedAt: z.iso.datetime(),
  /** The worst of the checks; a check that was not run makes it at least `warning`. */
  status: z.enum(['ok', 'warning', 'critical']),
  checks: z.array(Check).length(CHECK_NAMES.length),
});
export type HealthReport = z.output<typeof HealthReport>;

export function worstOf(checks: readonly Check[]): HealthReport['status'] {
  if (checks.some((check) => check.status === 'critical')) return 'critical';
  return checks.every((check) => check.status === 'ok') ? 'ok' : 'warning';
}
