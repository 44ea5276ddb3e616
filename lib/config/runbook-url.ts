import type { EnvironmentConfig } from './schema';

/**
 * Where people read the runbook in a browser, without an anchor.
 *
 * @returns undefined where nothing says
 */
export function runbookUrlOf({
  alarms,
  delivery,
}: Pick<EnvironmentConfig, 'alarms' | 'delivery'>): string | undefined {
  if (alarms.runbookUrl !== undefined) return alarms.runbookUrl;
  return delivery && `https://github.com/${delivery.repository}/blob/${delivery.branch}/docs/runbook.md`;
}
