import fc from 'fast-check';
import {
  advance,
  newRing,
  type KeyRing,
  type KeyRingPolicy,
  type RingOf,
} from '../../../../core/secrets/key-ring';
import { at } from './rings';

/** Small numbers, so that what ends at one moment and what begins at it meet often. Seconds. */
export const smallPolicy: fc.Arbitrary<KeyRingPolicy> = fc
  .record({
    cacheSeconds: fc.nat(10),
    more: fc.nat(20),
    maxTokenSeconds: fc.integer({ min: 1, max: 40 }),
    backupSeconds: fc.nat(40),
  })
  .map(({ more, ...policy }) => ({ ...policy, publishSeconds: Math.max(1, policy.cacheSeconds + more) }));

/** Rotations: how long after the one before, and how long from the ring's making to its coming into force. */
export const rotations = fc.array(
  fc.record({
    pauseSeconds: fc.oneof(fc.nat(3), fc.nat(90)),
    delaySeconds: fc.oneof(fc.constant(0), fc.nat(60)),
  }),
  { minLength: 1, maxLength: 12 },
);

export type Rotations = typeof rotations extends fc.Arbitrary<infer T> ? T : never;

/** A ring and when it was what a reader of the secret got: from the first second to before the second one. */
export interface InForce<R extends KeyRing> {
  readonly ring: R;
  readonly from: number;
  readonly until: number;
}

/** All rings that were ever in force. `unneeded` stands for the census at that second. */
export function history<A extends KeyRing['algorithm']>(
  algorithm: A,
  policy: KeyRingPolicy,
  plan: Rotations,
  unneeded: (
    ring: RingOf<A>,
    second: number,
    known: readonly InForce<RingOf<A>>[],
  ) => readonly string[] = () => [],
): InForce<RingOf<A>>[] {
  const known: InForce<RingOf<A>>[] = [];
  let ring = newRing(algorithm, at(0), policy);
  let from = 0;
  for (const { pauseSeconds, delaySeconds } of plan) {
    const made = from + pauseSeconds;
    const soFar = [...known, { ring, from, until: Infinity }];
    const turn = advance(ring, at(made), policy, {
      publishedAt: at(from),
      unneeded: unneeded(ring, made, soFar),
    });
    known.push({ ring, from, until: made + delaySeconds });
    ring = turn.ring;
    from = made + delaySeconds;
  }
  return [...known, { ring, from, until: Infinity }];
}

/** The rings that somebody may have in hand between these seconds, whose cache is up to that old. */
export function inHand<R extends KeyRing>(
  all: readonly InForce<R>[],
  first: number,
  last: number,
  cacheSeconds: number,
): InForce<R>[] {
  return all.filter(({ from, until }) => from <= last && until > first - cacheSeconds);
}
