import type { Pages } from '../shared/pages';

/**
 * What pages somebody, by what is lost. Three and not one: a dump that has failed must not hide that snapshots fail, too.
 * What is not here is a warning: it costs storage, or somebody's thought by day.
 */
export const BACKUP_PAGES = {
  dumps: {
    description: 'There are no new dumps, or none that is whole.',
    anchors: [
      'backup-dump-failing',
      'backup-dump-not-running',
      'backup-dump-task-failing',
      'dump-freshness',
      'completeness',
      'retention',
    ],
  },
  snapshots: {
    description: 'There are no new snapshots.',
    anchors: ['backup-snapshot-failing', 'backup-snapshot-not-running', 'snapshot-freshness'],
  },
  proof: {
    description: 'Nobody knows any more whether backups are in order and restore.',
    anchors: [
      'backup-monitor-failing',
      'backup-monitor-not-running',
      'backup-drill-failing',
      'restore-drill',
      'off-site-copy',
    ],
  },
} as const satisfies Pages;
