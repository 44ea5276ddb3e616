import type { Refusal } from './refusal';

const rules = { organization: 'my-company', projects: ['golive'] };

/** What is changed in production's rules for Sentry, and what is said about it. */
export const SENTRY_REFUSED: readonly Refusal[] = [
  [
    'rules that no event reaches',
    [['sentry', false]],
    /^sentryRules: got .*, allowed: nothing while sentry is false/,
  ],
  [
    'rules that page for a trial',
    [['tier', 'nonproduction']],
    /^sentryRules: got .*, allowed: nothing while tier is "nonproduction": they page people/,
  ],
  [
    'a project twice',
    [['sentryRules', { ...rules, projects: ['golive', 'golive'] }]],
    /^sentryRules\.projects: got .*, allowed: each project once/,
  ],
  [
    'limits that cross, one of which is the usual one',
    [['sentryRules', { ...rules, limits: { errorsPerHour: { high: 50 } } }]],
    /^sentryRules\.limits\.errorsPerHour: got .*, allowed: a "high" that is more than "medium"/,
  ],
  [
    'an organisation that is no slug',
    [['sentryRules', { ...rules, organization: 'My Company' }]],
    /^sentryRules\.organization: got "My Company", allowed: a slug/,
  ],
  [
    'a Sentry that would get the token in plain text',
    [['sentryRules', { ...rules, url: 'http://sentry.example' }]],
    /^sentryRules\.url: got "http:\/\/sentry\.example", allowed: an address without a path/,
  ],
];
