const AUDIT = 'audit/';
const KEY =
  /^audit\/(\d{4})\/(\d{2})\/(\d{2})\/(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-([0-9a-f-]{36})\.json$/;

/** Where all audit records lie. Ends in a slash. */
export const AUDIT_PREFIX = AUDIT;

/**
 * `audit/<yyyy>/<mm>/<dd>/<time>-<id>.json` by the instant at which the action began, UTC: keys sort by time.
 *
 * @throws RangeError when the date is not a valid instant
 */
export function auditKey(startedAt: Date, id: string): string {
  return `${keysFrom(startedAt)}-${id}.json`;
}

/** Every key of this instant and later sorts after this one. */
export function keysFrom(instant: Date): string {
  const time = instant.toISOString().replace(/[-:.]/g, '');
  return `${AUDIT}${time.slice(0, 4)}/${time.slice(4, 6)}/${time.slice(6, 8)}/${time}`;
}

/** Reads a key back; undefined for everything that is no audit record. */
export function parseAuditKey(key: string): { readonly startedAt: Date; readonly id: string } | undefined {
  const match = KEY.exec(key);
  if (!match) return undefined;
  const [, , , , year, month, day, hour, minute, second, millisecond, id = ''] = match;
  const startedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`);
  // A date that rolls over, or that contradicts its folder, gives another key.
  if (Number.isNaN(startedAt.getTime()) || auditKey(startedAt, id) !== key) return undefined;
  return { startedAt, id };
}
