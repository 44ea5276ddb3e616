import * as z from 'zod';

/**
 * How a check came out. A check whose facts could not be read is `not-run`: it never counts as `ok`, and the
 * report is at least `warning`.
 */
export const SecretsCheckStatus = z.enum(['ok', 'warning', 'critical', 'not-run']);
export type SecretsCheckStatus = z.output<typeof SecretsCheckStatus>;

/** As a metric's value, so that the worst is the greatest. A check that did not run is a warning. */
export const SECRETS_SEVERITY: Readonly<Record<SecretsCheckStatus, number>> = {
  ok: 0,
  warning: 1,
  'not-run': 1,
  critical: 2,
};

/** The five questions that the monitor asks every hour, in the order an operator reads them. */
export const SECRETS_CHECK_NAMES = [
  'rotation-overdue',
  'rotation-stuck',
  'key-ring-next',
  'not-picked-up',
  'unset-value',
] as const;
export type SecretsCheckName = (typeof SECRETS_CHECK_NAMES)[number];

export const SecretsCheck = z.strictObject({
  name: z.enum(SECRETS_CHECK_NAMES),
  status: SecretsCheckStatus,
  /** What was measured, in words and with its unit. */
  figure: z.string(),
  /** What is allowed, likewise. */
  limit: z.string(),
  /** What to know beyond the figure; names the secrets concerned. */
  detail: z.string(),
  /** The section of docs/runbook.md that mends it. */
  runbook: z.string(),
});
export type SecretsCheck = z.output<typeof SecretsCheck>;

/** What `golive secrets list --json` prints of the checks, and what the monitor measures. */
export const SecretsReport = z.strictObject({
  reportVersion: z.literal(1),
  environment: z.string().min(1),
  observedAt: z.iso.datetime(),
  /** The worst of the checks; a check that was not run makes it at least `warning`. */
  status: z.enum(['ok', 'warning', 'critical']),
  checks: z.array(SecretsCheck).length(SECRETS_CHECK_NAMES.length),
});
export type SecretsReport = z.output<typeof SecretsReport>;

export function worstOfSecrets(checks: readonly SecretsCheck[]): SecretsReport['status'] {
  if (checks.some(({ status }) => status === 'critical')) return 'critical';
  return checks.every(({ status }) => status === 'ok') ? 'ok' : 'warning';
}
