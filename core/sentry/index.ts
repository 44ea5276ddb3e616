/** Sentry as code: what its rules are to be, what they are, and the way from one to the other. */
export { SentryApi } from './api/client';
export { type ApplyReport, type Outcome, requireApplied, SentryNotAppliedError } from './apply';
export type { FieldChange } from './diff';
export { ScheduledJob, SentryOperations, sentryParameterName } from './operations';
export { isInSync, type Plan, type PlannedChange, subjectOf } from './plan';
export { readSentryOperations, SentryRulesNotFoundError } from './read-sentry-operations';
export { planSentry, type SentryPlan } from './reconcile';
export type { Json } from './resource';
export { sentryToken } from './token';
