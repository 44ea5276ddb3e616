import * as z from 'zod';

/**
 * What lies in the vault while, and after, somebody holds a lease. When it was written is told by S3's
 * LastModified and stands nowhere inside: a holder's own clock may be wrong.
 */
export const LeaseRecord = z.strictObject({
  leaseVersion: z.literal(1),
  /** For people, such as `dump 20261123T020000Z on i-0abc`. */
  holder: z.string().min(1),
  /** Unique to one taking. */
  holderId: z.uuid(),
  /** Grows with each taking, so that what the holder writes to can turn an earlier holder away. */
  fencingToken: z.int().positive(),
  /** Grows with each renewal, so that no two writes have the same ETag. */
  sequence: z.int().min(0),
  durationSeconds: z.number().positive(),
  /** It stays when it is given back, for the token must go on growing. */
  released: z.boolean(),
});

export type LeaseRecord = z.output<typeof LeaseRecord>;

/** @param name such as `backup/shop`; whatever a key cannot hold is escaped */
export function leaseKey(name: string): string {
  return `leases/${name.split('/').map(encodeURIComponent).join('/')}.json`;
}
