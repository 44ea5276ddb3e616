import { isDeepStrictEqual } from 'node:util';
import { KeyRingUnfitError } from './errors';
import { proveRing } from './prove-ring';
import { keyOf, type KeyRing } from './ring';

/**
 * Whether the previous ring may become current again: whatever was made since must still be taken. It holds then, as
 * next, the key that is current now.
 *
 * @throws KeyRingUnfitError
 */
export async function proveRollback(current: KeyRing, previous: KeyRing, now: Date): Promise<void> {
  await proveRing(previous, now);
  for (const { kid, state, material } of current.keys) {
    // Nothing has been made with the next key yet.
    if (state === 'next') continue;
    const there = keyOf(previous, kid);
    if (there && isDeepStrictEqual({ ...there.material }, { ...material })) continue;
    throw new KeyRingUnfitError(
      `the previous key ring does not hold ${state} key ${kid}, and what it made would be refused; leave the current ring in use and rotate forward`,
    );
  }
}
