import type { Circumstances, RetentionBackup } from '../../../../core/backup/retention';

export const NOW = new Date('2026-11-23T03:00:00Z');

export const AFTER_SUCCESS: Circumstances = {
  now: NOW,
  lastRuns: { dump: 'succeeded', 'manual-snapshot': 'succeeded' },
};

const DAY_MS = 86_400_000;

export function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * DAY_MS);
}

/** A finished dump of ours that nobody verified, locked or holds. */
export function dump(id: string, createdAt: Date, facts: Partial<RetentionBackup> = {}): RetentionBackup {
  return {
    id,
    kind: 'dump',
    dbiResourceId: 'db-SHOP',
    database: 'shop',
    createdAt,
    status: 'finished',
    legalHold: false,
    managed: true,
    instanceDeleted: false,
    ...facts,
  };
}

/** The same, proven one hour after it was made. */
export function verified(id: string, createdAt: Date, facts: Partial<RetentionBackup> = {}): RetentionBackup {
  return dump(id, createdAt, { verifiedAt: new Date(createdAt.getTime() + 3_600_000), ...facts });
}
