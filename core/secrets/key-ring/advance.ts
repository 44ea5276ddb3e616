import { randomBytes } from 'node:crypto';
import { newMaterial } from './key-material';
import { refuseUnsafePolicy, type KeyRingPolicy } from './policy';
import { currentKey, keyOf, KeyRing, nextKey, type RingKey } from './ring';

/** What only somebody who looks around knows. */
export interface Circumstances {
  /** Previous data keys of which no ciphertext is left. Nothing is known of any key that is not named. */
  readonly unneeded?: Iterable<string>;
  /**
   * When the ring in hand became the one that everybody reads. A rotation that failed for days is finished with the
   * ring that it began with, whose dates are then too early.
   * @default the dates in the ring are right
   */
  readonly publishedAt?: Date | undefined;
}

/** What a rotation makes of a ring, and why. */
export interface Advance<R extends KeyRing = KeyRing> {
  readonly ring: R;
  /** Whether the next key became current. */
  readonly promoted: boolean;
  /** For the log. */
  readonly reason: string;
  /** When the next key of the new ring may become current, at the earliest. */
  readonly nextUsableAt: Date;
  /** Ids of the keys that are not in the new ring any more. */
  readonly pruned: readonly string[];
}

/** The ring of one algorithm. */
export type RingOf<A extends KeyRing['algorithm']> = Extract<KeyRing, { algorithm: A }>;

/**
 * A first ring. Its current key may be used at once: nobody holds an older ring.
 *
 * @throws KeyRingPolicyError
 */
export function newRing<A extends KeyRing['algorithm']>(
  algorithm: A,
  now: Date,
  policy: KeyRingPolicy,
): RingOf<A> {
  refuseUnsafePolicy(policy);
  const at = now.toISOString();
  const keys = [{ ...newKey(algorithm, now), state: 'current', activatedAt: at }, newKey(algorithm, now)];
  const fields =
    algorithm === 'A256GCM'
      ? { purpose: 'data' }
      : { purpose: 'jwt', maxTokenSeconds: policy.maxTokenSeconds };
  return KeyRing.parse({ ringVersion: 1, ...fields, algorithm, keys }) as RingOf<A>;
}

/**
 * One turn of the ring: next → current → previous → gone. Pure but for the new key. A next key that is too young stays
 * next, so that any number of turns in a row harms nobody.
 *
 * @throws KeyRingPolicyError
 */
export function advance<R extends KeyRing>(
  ring: R,
  now: Date,
  policy: KeyRingPolicy,
  circumstances: Circumstances = {},
): Advance<R> {
  refuseUnsafePolicy(policy);
  const dated = withTrueDates(ring, circumstances.publishedAt);
  const turned = promote(dated, now, policy);
  const marked = markUnneeded(turned.ring, now, policy, new Set(circumstances.unneeded));
  const kept = { ...marked, keys: marked.keys.filter((key) => !prunable(marked, key, now, policy)) };
  const result = { ...kept, ...longestLife(ring, policy) };
  return {
    ring: result,
    promoted: turned.promoted,
    reason: turned.reason,
    nextUsableAt: usableAt(nextKey(result)!, policy),
    pruned: ring.keys.filter(({ kid }) => !keyOf(result, kid)).map(({ kid }) => kid),
  };
}

/**
 * Whether nothing that is still in use needs the key.
 *
 * A jwt key was used last by a signer with a ring of `cacheSeconds` ago, for a token of the longest life; the second
 * `cacheSeconds` are for clocks that differ. A data key goes when no ciphertext of it has been found since before the
 * oldest backup.
 */
export function prunable(
  ring: KeyRing,
  key: Pick<RingKey, 'state' | 'retiredAt' | 'unneededSince'>,
  now: Date,
  policy: KeyRingPolicy,
): boolean {
  if (key.state !== 'previous' || key.retiredAt === undefined) return false;
  const { cacheSeconds, backupSeconds } = policy;
  if (ring.purpose === 'data') {
    return key.unneededSince !== undefined && isPast(now, key.unneededSince, backupSeconds);
  }
  const { maxTokenSeconds = 0 } = longestLife(ring, policy);
  return isPast(now, key.retiredAt, maxTokenSeconds + 2 * cacheSeconds);
}

/** Grows with the configuration and never shrinks: tokens of the longer life may be about. */
function longestLife(ring: KeyRing, policy: KeyRingPolicy): { maxTokenSeconds?: number } {
  return ring.purpose === 'jwt'
    ? { maxTokenSeconds: Math.max(ring.maxTokenSeconds, policy.maxTokenSeconds) }
    : {};
}

/** Moves dates that are too early to when the ring came into force. */
function withTrueDates<R extends KeyRing>(ring: R, publishedAt: Date | undefined): R {
  const newestRetirement = Math.max(
    ...ring.keys.map(({ retiredAt }) => (retiredAt ? Date.parse(retiredAt) : -Infinity)),
  );
  return withKeys(ring, (key) => {
    if (key.state === 'next' && key.publishedAt === undefined) {
      return { ...key, publishedAt: laterOf(key.createdAt, publishedAt) };
    }
    // Any other key was retired by an earlier ring, which was in force before this one was made.
    if (key.retiredAt !== undefined && Date.parse(key.retiredAt) === newestRetirement) {
      return { ...key, retiredAt: laterOf(key.retiredAt, publishedAt) };
    }
    return key;
  });
}

function promote<R extends KeyRing>(
  ring: R,
  now: Date,
  policy: KeyRingPolicy,
): { ring: R; promoted: boolean; reason: string } {
  const next = nextKey(ring);
  const added = newKey(ring.algorithm, now);
  if (next === undefined) {
    return {
      ring: { ...ring, keys: [...ring.keys, added] },
      promoted: false,
      reason: `there was no next key; ${added.kid} was made and can become current once everybody knows it`,
    };
  }
  const due = usableAt(next, policy);
  if (now < due) {
    return {
      ring,
      promoted: false,
      reason: `next key ${next.kid} is too young to be used; it can become current from ${due.toISOString()} on`,
    };
  }
  const at = now.toISOString();
  const current = currentKey(ring);
  const turned = withKeys(ring, (key) => {
    if (key.kid === next.kid) return { ...key, state: 'current', activatedAt: at };
    if (key.kid === current.kid) return { ...key, state: 'previous', retiredAt: at };
    return key;
  });
  return {
    ring: { ...turned, keys: [...turned.keys, added] },
    promoted: true,
    reason: `next key ${next.kid} became current in the place of ${current.kid}`,
  };
}

/**
 * A key that is needed again, such as after a restore, begins anew. What was found before the last client let go of
 * its old ring does not count: that client may have written since.
 */
function markUnneeded<R extends KeyRing>(
  ring: R,
  now: Date,
  { cacheSeconds }: KeyRingPolicy,
  unneeded: ReadonlySet<string>,
): R {
  if (ring.purpose === 'jwt') return ring;
  return withKeys(ring, (key) => {
    const { unneededSince, ...others } = key;
    const usedByNobody = key.retiredAt !== undefined && isPast(now, key.retiredAt, 2 * cacheSeconds);
    if (!usedByNobody || !unneeded.has(key.kid)) return others;
    return { ...key, unneededSince: unneededSince ?? now.toISOString() };
  });
}

function newKey(algorithm: KeyRing['algorithm'], now: Date): RingKey {
  return {
    // Random, not derived from the key: nobody who sees a ciphertext is to learn anything about its key.
    kid: randomBytes(8).toString('hex'),
    state: 'next',
    createdAt: now.toISOString(),
    material: newMaterial(algorithm),
  } as RingKey;
}

function usableAt(next: RingKey, { publishSeconds }: KeyRingPolicy): Date {
  return new Date(Date.parse(next.publishedAt ?? next.createdAt) + publishSeconds * 1000);
}

function isPast(now: Date, since: string, seconds: number): boolean {
  return now.getTime() > Date.parse(since) + seconds * 1000;
}

function laterOf(text: string, date: Date | undefined): string {
  return date !== undefined && date.getTime() > Date.parse(text) ? date.toISOString() : text;
}

/** The same ring with every key replaced. A change of a key's state or dates does not change its kind. */
function withKeys<R extends KeyRing>(ring: R, change: (key: RingKey) => RingKey): R {
  return { ...ring, keys: ring.keys.map(change) };
}
