/**
 * The tag in which a key ring's rotation leaves its dates, so that they can be watched without the right to read a
 * key. Secrets Manager's own dates do not tell: a rotation that promotes nothing makes a new version all the same.
 */
export const RING_DATES_TAG = 'golive:key-ring';

/** When the keys of a ring came to their states. */
export interface RingDates {
  /** The version of the secret that they belong to. */
  readonly versionId: string;
  /** Since when the current key signs or encrypts. */
  readonly currentSince: Date;
  /** Since when the next key is published; undefined when there is none. */
  readonly nextSince: Date | undefined;
}

/** A tag's value takes letters, digits, spaces and `_.:/=+-@`, 256 at most. */
export function ringDatesTag({ versionId, currentSince, nextSince }: RingDates): {
  Key: string;
  Value: string;
} {
  const next = nextSince ? ` next-since=${nextSince.toISOString()}` : '';
  return {
    Key: RING_DATES_TAG,
    Value: `version=${versionId} current-since=${currentSince.toISOString()}${next}`,
  };
}

/** Undefined for anything that {@link ringDatesTag} did not write. */
export function parseRingDatesTag(value: string | undefined): RingDates | undefined {
  const found = /^version=(\S+) current-since=(\S+)(?: next-since=(\S+))?$/.exec(value ?? '');
  if (!found) return undefined;
  const [, versionId = '', current = '', next] = found;
  const currentSince = new Date(current);
  const nextSince = next === undefined ? undefined : new Date(next);
  const isDated = ![currentSince, nextSince].some((date) => date && Number.isNaN(date.getTime()));
  return isDated ? { versionId, currentSince, nextSince } : undefined;
}
