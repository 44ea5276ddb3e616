import type { Monitor } from '../../core/observability/jobs/check-ins';

/** The cron monitor that this function was told; undefined where it has none, or where Sentry is off. */
export function ownMonitor(env: NodeJS.ProcessEnv = process.env): Monitor | undefined {
  const slug = env['SENTRY_MONITOR_SLUG'];
  const dsnSecretName = env['SENTRY_DSN_SECRET_NAME'];
  if (!slug || !dsnSecretName) return undefined;
  return { slug, dsnSecretName, environment: env['GOLIVE_ENVIRONMENT'] ?? 'unknown' };
}
