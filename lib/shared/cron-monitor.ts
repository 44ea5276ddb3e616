import { monitorSlug } from '../../core/sentry/owned';
import type { PlatformSettings } from './platform-settings';
import type { NamedSecret } from './secret-access';

type About = Pick<PlatformSettings, 'environmentName' | 'sentryDsn' | 'hasCronMonitors'>;

/** What a job must read to report to the cron monitor of its schedule; undefined where no job has one. */
export function cronMonitorsDsn({ sentryDsn, hasCronMonitors = false }: About): NamedSecret | undefined {
  return hasCronMonitors ? sentryDsn : undefined;
}

/**
 * By which a job knows the cron monitor that `golive sentry` makes for its schedule.
 *
 * @param label `backup-dump`: the job's name in logs, alarms and the runbook
 * @returns undefined where there is none, and where Sentry is off
 */
export function cronMonitorSlug(platform: About, label: string): string | undefined {
  return cronMonitorsDsn(platform) && monitorSlug(platform.environmentName, label);
}
