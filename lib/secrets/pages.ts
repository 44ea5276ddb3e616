import type { Construct } from 'constructs';
import { alarmsAt, declareCompositeAlarm } from '../shared/alarm';

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
} as const;

/** One page for each; their alarms inform. */
export function pageForSecrets(scope: Construct): void {
  for (const [subject, { description, anchors }] of Object.entries(SECRETS_PAGES)) {
    declareCompositeAlarm(scope, `${subject}-unwell`, {
      severity: 'critical',
      anchor: 'secrets-unwell',
      subject,
      description,
      anyOf: alarmsAt(scope, anchors),
    });
  }
}
