import { type Rule, unless } from './rule';

/** What must hold of Sentry's rules in every environment. */
export const SENTRY_RULES: readonly Rule[] = [
  {
    field: 'sentryRules',
    reads: ['tier', 'sentryRules'],
    broken: unless(
      (c) => c.sentryRules === undefined || c.tier === 'production',
      'nothing while tier is "nonproduction": they page people, and what fails in a trial shall wake nobody',
    ),
  },
  {
    field: 'sentryRules',
    reads: ['sentry', 'sentryRules'],
    broken: unless(
      (c) => c.sentryRules === undefined || c.sentry,
      'nothing while sentry is false: no event would reach them',
    ),
  },
  {
    field: 'sentryRules.projects',
    reads: ['sentryRules'],
    broken: unless(
      ({ sentryRules }) =>
        sentryRules === undefined || new Set(sentryRules.projects).size === sentryRules.projects.length,
      'each project once',
    ),
  },
  {
    field: 'sentryRules.limits.errorsPerHour',
    reads: ['sentryRules'],
    broken: unless(({ sentryRules }) => {
      const limits = sentryRules?.limits?.errorsPerHour;
      return (limits?.high ?? 100) > (limits?.medium ?? 50);
    }, 'a "high" that is more than "medium"'),
  },
];
