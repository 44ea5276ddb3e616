/** What Sentry is to do for an environment: the same settings that `golive sentry` reads. */
export { SentryRules } from '../../core/sentry/settings';
