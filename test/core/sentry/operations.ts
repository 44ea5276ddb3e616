import { SentryOperations } from '../../../core/sentry';

/** What production asks of Sentry. */
export function sentryOperations(
  change: Partial<Record<keyof SentryOperations, unknown>> = {},
): SentryOperations {
  return SentryOperations.parse({
    sentryVersion: 1,
    environment: 'prod',
    origin: 'https://golive.example',
    rules: rules(),
    jobs: [
      { label: 'backup-dump', crontab: '0 2 * * *', marginMinutes: 10, longestRunMinutes: 15 },
      { label: 'backup-drill', crontab: '0 5 * * SAT', marginMinutes: 10, longestRunMinutes: 360 },
      {
        label: 'secrets-rotate-data',
        crontab: '0 12 * JAN,APR,JUL,OCT TUE#1',
        marginMinutes: 60,
        longestRunMinutes: 60,
      },
    ],
    ...change,
  });
}

/** @param change of the settings; what they ask of `url` is where the double is */
export function rules(change: object = {}): object {
  return {
    organization: 'my-company',
    projects: ['golive'],
    teamId: '77',
    pagerDuty: { integrationId: '501', serviceId: '9001', serviceName: 'golive' },
    slack: { integrationId: '502', channel: '#golive-errors', channelId: 'C024BE91L' },
    ...change,
  };
}
