import * as z from 'zod';
import { SentryRules } from './settings';

/** Something of an environment that runs by a schedule: a cron monitor of Sentry's watches it. */
export const ScheduledJob = z.strictObject({
  /** `backup-dump`: its name in logs, alarms and the runbook. */
  label: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/),
  /** Five fields, UTC. */
  crontab: z.string().regex(/^\S+( \S+){4}$/),
  /** How late it may begin, minutes. */
  marginMinutes: z.int().min(1),
  /** How long a run may take, minutes. */
  longestRunMinutes: z.int().min(1),
});
export type ScheduledJob = z.output<typeof ScheduledJob>;

/** What `golive sentry` must know of an environment. The Alerting stack writes it as a parameter of Systems Manager. */
export const SentryOperations = z.strictObject({
  sentryVersion: z.literal(1),
  /** As events carry it. */
  environment: z.string().min(1),
  /** `https://golive.example` @default it has none that Sentry could ask */
  origin: z.url({ protocol: /^https$/ }).optional(),
  rules: SentryRules,
  jobs: z.array(ScheduledJob),
});
export type SentryOperations = z.output<typeof SentryOperations>;

/** `/golive/prod/sentry` */
export function sentryParameterName(environment: string): string {
  return `/golive/${environment}/sentry`;
}
