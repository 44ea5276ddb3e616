import fc from 'fast-check';
import {
  advance,
  currentKey,
  decrypt,
  encrypt,
  keyOf,
  newRing,
  signToken,
  verifyToken,
  type DataKeyRing,
  type KeyRing,
} from '../../../../core/secrets/key-ring';
import { at, POLICY } from './rings';
import { history, inHand, type InForce, rotations, smallPolicy } from './stale-caches';

const algorithm = fc.constantFrom('EdDSA' as const, 'ES256' as const, 'A256GCM' as const);

it('there is always exactly one current key and one next, with clocks an hour off in either direction', () => {
  const turns = fc.array(fc.record({ pause: fc.nat(7_200), error: fc.integer({ min: -3_600, max: 3_600 }) }));
  fc.assert(
    fc.property(algorithm, turns, (chosen, list) => {
      let ring: KeyRing = newRing(chosen, at(0), POLICY);
      let second = 0;
      for (const { pause, error } of list) {
        second += pause;
        const before = currentKey(ring).kid;
        ({ ring } = advance(ring, at(second + error), POLICY, { unneeded: ring.keys.map(({ kid }) => kid) }));
        expect(ring.keys.filter(({ state }) => state === 'current')).toHaveLength(1);
        expect(ring.keys.filter(({ state }) => state === 'next')).toHaveLength(1);
        expect(keyOf(ring, before)).toBeDefined();
      }
    }),
    { numRuns: 60 },
  );
});

it('whatever any stale client signs, every stale client can verify until it expires, however rotations fall', () => {
  fc.assert(
    fc.property(smallPolicy, rotations, (policy, plan) => {
      const rings = history('EdDSA', policy, plan);
      const { cacheSeconds, maxTokenSeconds } = policy;
      for (const { ring, from, until } of rings) {
        // From the first second at which somebody may sign with it to the last one at which such a token may be shown.
        const lastUse = until + cacheSeconds + maxTokenSeconds;
        const { kid } = currentKey(ring);
        for (const verifier of inHand(rings, from, lastUse, cacheSeconds)) {
          expect(keyOf(verifier.ring, kid)).toBeDefined();
        }
      }
    }),
    { numRuns: 150 },
  );
});

it('a token of any stale signer verifies at any stale verifier at its last second', async () => {
  const moments = fc.record({
    sign: fc.nat(400),
    signer: fc.nat(),
    life: fc.nat(),
    shown: fc.nat(),
    verifier: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(
      smallPolicy,
      rotations,
      fc.array(moments, { maxLength: 8 }),
      async (policy, plan, uses) => {
        const rings = history('EdDSA', policy, plan);
        const any = (first: number, choice: number) => {
          const choices = inHand(rings, first, first, policy.cacheSeconds);
          return choices[choice % choices.length]!.ring;
        };
        for (const use of uses) {
          const expiresInSeconds = 1 + (use.life % policy.maxTokenSeconds);
          const now = at(use.sign);
          const token = await signToken(
            any(use.sign, use.signer),
            { sub: 'somebody' },
            { expiresInSeconds, now },
          );
          const shown = use.sign + (use.shown % expiresInSeconds);
          const verified = await verifyToken(any(shown, use.verifier), token, {
            now: at(shown),
            clockToleranceSeconds: 0,
          });
          expect(verified.claims.sub).toBe('somebody');
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('what any stale client encrypted can be decrypted by every stale client, until no backup holds it any more', () => {
  const writes = fc.array(
    fc.record({
      second: fc.nat(500),
      writer: fc.nat(),
      lifeSeconds: fc.oneof(fc.nat(60), fc.constant(Infinity)),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(smallPolicy, rotations, writes, (policy, plan, values) => {
      const { cacheSeconds, backupSeconds } = policy;
      const kidOf = (rings: readonly InForce<DataKeyRing>[], value: (typeof values)[number]) => {
        const writers = inHand(rings, value.second, value.second, cacheSeconds);
        return currentKey(writers[value.writer % writers.length]!.ring).kid;
      };
      // The census sees what was written before it and is not yet deleted or encrypted anew.
      const rings = history('A256GCM', policy, plan, (ring, second, known) => {
        const alive = values.filter(
          (value) => value.second < second && value.second + value.lifeSeconds > second,
        );
        const named = new Set(alive.map((value) => kidOf(known, value)));
        return ring.keys.map(({ kid }) => kid).filter((kid) => !named.has(kid));
      });
      for (const value of values) {
        const lastRead = value.second + value.lifeSeconds + backupSeconds;
        const kid = kidOf(rings, value);
        for (const reader of inHand(rings, value.second, lastRead, cacheSeconds)) {
          expect(keyOf(reader.ring, kid)).toBeDefined();
        }
      }
    }),
    { numRuns: 150 },
  );
});

it('every value of a hundred turns can still be decrypted when nobody counts ciphertexts', () => {
  const context = { table: 'public.users', column: 'ssn', id: '1' };
  let ring = newRing('A256GCM', at(0), POLICY);
  const texts: string[] = [];
  for (let turn = 1; turn <= 100; turn += 1) {
    texts.push(encrypt(ring, `value ${turn}`, context));
    ({ ring } = advance(ring, at(turn * 86_400), POLICY));
  }
  expect(texts.map((text) => decrypt(ring, text, context))).toEqual(
    texts.map((_, index) => `value ${index + 1}`),
  );
});
