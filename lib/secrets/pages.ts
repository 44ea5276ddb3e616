import type { Pages } from '../shared/pages';

/** What pages somebody. What is not here can wait for the day: nothing that runs stands on it. */
export const SECRETS_PAGES = {
  rotation: {
    description: 'A secret could not be rotated, or what was rotated is not in use.',
    anchors: [
      'rotation-failed',
      'rotation-abandoned',
      'rotation-overdue',
      'rotation-stuck',
      'not-picked-up',
      'secrets-rotate-master-failing',
      'secrets-rotate-app-failing',
      'secrets-rotate-backup-failing',
      'secrets-rotate-jwt-failing',
      'secrets-rotate-data-failing',
      'secrets-rotate-cache-failing',
    ],
  },
  watch: {
    description: 'Nobody knows any more whether secrets are in order.',
    anchors: ['secrets-monitor-failing', 'secrets-monitor-not-running'],
  },
} as const satisfies Pages;
