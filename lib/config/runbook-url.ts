import type { EnvironmentConfig } from './schema';

/** Also what the schema has not filled in yet. */
interface Readable {
  readonly alarms?: Pick<EnvironmentConfig['alarms'], 'runbookUrl'> | undefined;
  readonly delivery?: EnvironmentConfig['delivery'];
}

/**
 * Where people read the runbook in a browser, without an anchor.
 *
 * @returns undefined where nothing says
 */
export function runbookUrlOf({ alarms, delivery }: Readable): string | undefined {
  if (alarms?.runbookUrl !== undefined) return alarms.runbookUrl;
  return delivery && `https://github.com/${delivery.repository}/blob/${delivery.branch}/docs/runbook.md`;
}
