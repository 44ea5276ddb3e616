import { GoLiveError } from '../shared/errors';

/** Somebody else's monitor has the slug that one of ours needs. */
export class SentrySlugTakenError extends GoLiveError {
  readonly code = 'SentrySlugTakenError';

  constructor(slug: string, name: string) {
    super(
      `the cron monitor "${slug}" is named "${name}", so it is not ours, and it is left alone: rename it in Sentry to golive/… if it should be, or give it another slug`,
    );
  }
}

/**
 * What everything of ours in Sentry is named by: `golive/prod/`. Sentry keeps no labels on alerts and monitors, and a name
 * is what people see. Whatever is named otherwise is somebody else's, and is never changed or deleted.
 */
export function ownPrefix(environment: string): string {
  return `golive/${environment}/`;
}

/** `golive/prod/new-issue` */
export function ownName(environment: string, name: string): string {
  return `${ownPrefix(environment)}${name}`;
}

export function isOwn(environment: string, name: string): boolean {
  return name.startsWith(ownPrefix(environment));
}

/** Sentry takes no longer slug of a cron monitor. src/sentry/db/models/fields/slug.py, DEFAULT_SLUG_MAX_LENGTH */
export const LONGEST_SLUG = 50;

/** `golive-prod-backup-dump`: by this a job says which monitor it reports to. */
export function monitorSlug(environment: string, label: string): string {
  return `golive-${environment}-${label}`;
}
