import { ownMonitor } from '../../../lambdas/shared/own-monitor';

const TOLD = {
  GOLIVE_ENVIRONMENT: 'prod',
  SENTRY_DSN_SECRET_NAME: 'golive/prod/sentry-dsn',
  SENTRY_MONITOR_SLUG: 'golive-prod-backup-dump',
};

test.each(['SENTRY_MONITOR_SLUG', 'SENTRY_DSN_SECRET_NAME'])(
  'a function that is told no %s has no monitor',
  (variable) => {
    expect(ownMonitor({ ...TOLD, [variable]: undefined })).toBeUndefined();
  },
);

test('a function that is told all of it has the monitor of its schedule', () => {
  expect(ownMonitor(TOLD)).toEqual({
    slug: 'golive-prod-backup-dump',
    environment: 'prod',
    dsnSecretName: 'golive/prod/sentry-dsn',
  });
});
