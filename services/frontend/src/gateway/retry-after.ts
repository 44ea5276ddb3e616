/** Nobody is told to wait longer than this: then a person had better look again. */
const LONGEST_SECONDS = 3600;

/**
 * The seconds of a `Retry-After` header, which is a number or a date.
 * https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 *
 * @param fallback when the header is missing or makes no sense, seconds
 */
export function retryAfterSeconds(header: string | null, fallback: number, now = Date.now()): number {
  const text = header?.trim() ?? '';
  // A date names its day and its month; Date.parse would make one of `-5`, too.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((date - now) / 1000);
  if (!Number.isFinite(seconds)) return fallback;
  return Math.min(Math.max(seconds, 1), LONGEST_SECONDS);
}
