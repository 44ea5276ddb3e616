import { asBackupId, backupIdAt } from '../vault-layout';

/** Where all records of drills lie. Ends in a slash. */
export const DRILLS_PREFIX = 'drills/';

const ID = /^(\d{8}T\d{6}Z)-[0-9a-f]{8}$/;

/** @param suffix eight hexadecimal digits that keep drills of the same second apart */
export function drillIdAt(startedAt: Date, suffix: string): string {
  return `${backupIdAt(startedAt)}-${suffix}`;
}

/**
 * `drills/<yyyy>/<mm>/<dd>/<drillId>.json`: keys sort by time.
 *
 * @throws RangeError when it is no drill's id
 */
export function drillKey(drillId: string): string {
  const [, instant = ''] = ID.exec(drillId) ?? [];
  if (!asBackupId(instant)) throw new RangeError(`"${drillId}" is no id of a drill`);
  const day = [drillId.slice(0, 4), drillId.slice(4, 6), drillId.slice(6, 8)].join('/');
  return `${DRILLS_PREFIX}${day}/${drillId}.json`;
}

/** Reads a record's key back; undefined for everything else. */
export function parseDrillKey(key: string): string | undefined {
  const id =
    key
      .split('/')
      .at(-1)
      ?.replace(/\.json$/, '') ?? '';
  try {
    return drillKey(id) === key ? id : undefined;
  } catch {
    return undefined;
  }
}
