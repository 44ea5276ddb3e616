import * as z from 'zod';

/**
 * What every platform function is told. `PlatformFunction` fills it in; a function's own contract stands in
 * the `env.ts` beside its handler.
 */
export const SharedEnvironment = z.object({
  /** The environment's name, such as `prod`. */
  GOLIVE_ENVIRONMENT: z.string().min(1),
  /** `backup-dump`: the service in logs, traces and metrics. */
  POWERTOOLS_SERVICE_NAME: z.string().min(1),
  POWERTOOLS_METRICS_NAMESPACE: z.string().min(1),
  POWERTOOLS_LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  /** The secret of this region that holds the Sentry DSN, read at run time. Absent: Sentry is off. */
  SENTRY_DSN_SECRET_NAME: z.string().min(1).optional(),
  /** `golive-prod-backup-dump`: Sentry's cron monitor of its schedule. Absent: its runs report to none. */
  SENTRY_MONITOR_SLUG: z.string().min(1).optional(),
});

export type SharedEnvironment = z.output<typeof SharedEnvironment>;

/** A whole number as the environment carries it. */
export const WholeNumber = z
  .string()
  .regex(/^\d+$/, 'expected a whole number')
  .transform((text) => Number(text));
