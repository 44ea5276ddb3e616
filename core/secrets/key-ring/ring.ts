import * as z from 'zod';
import { A256GcmMaterial, EdDsaMaterial, Es256Material } from './key-material';

/** A key's name. It stands in the header of tokens and in ciphertexts, between dots. */
export const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

const Instant = z.iso.datetime();

/** One key, its part in the ring, and since when. */
function ringKey<M extends z.ZodType>(material: M) {
  return z.looseObject({
    kid: z.string().regex(KEY_ID),
    /** `next`: known to all, used by none. `current`: what new things are made with. `previous`: for what was made. */
    state: z.enum(['next', 'current', 'previous']),
    createdAt: Instant,
    /** Of a next key: when everybody could read it first, once that is known. */
    publishedAt: Instant.optional(),
    activatedAt: Instant.optional(),
    retiredAt: Instant.optional(),
    /** Of a previous data key: since when every census found no ciphertext of it. */
    unneededSince: Instant.optional(),
    material,
  });
}

interface KeyStates {
  readonly keys: readonly {
    readonly kid: string;
    readonly state: 'next' | 'current' | 'previous';
    readonly retiredAt?: string | undefined;
  }[];
}

/** What the states of a ring break of the rules, or undefined. Says kids, never keys. */
function brokenRule({ keys }: KeyStates): string | undefined {
  const count = (wanted: string) => keys.filter(({ state }) => state === wanted).length;
  if (count('current') !== 1) return `must hold exactly one current key, but holds ${count('current')}`;
  if (count('next') > 1) return `must hold at most one next key, but holds ${count('next')}`;
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) return 'must not hold a key id twice';
  const undated = keys.find(({ state, retiredAt }) => state === 'previous' && retiredAt === undefined);
  if (undated) return `must say retiredAt of the previous key ${undated.kid}`;
  return undefined;
}

function refuseBrokenRules(ring: KeyStates, context: z.RefinementCtx): void {
  const broken = brokenRule(ring);
  if (broken !== undefined) context.addIssue({ code: 'custom', path: ['keys'], message: broken });
}

/** The longest life of a token, seconds. In the ring, so that who signs and who prunes can't disagree. */
const maxTokenSeconds = z.int().positive();

const EdDsaRing = z
  .looseObject({
    ringVersion: z.literal(1),
    purpose: z.literal('jwt'),
    algorithm: z.literal('EdDSA'),
    maxTokenSeconds,
    keys: z.array(ringKey(EdDsaMaterial)),
  })
  .superRefine(refuseBrokenRules);

const Es256Ring = z
  .looseObject({
    ringVersion: z.literal(1),
    purpose: z.literal('jwt'),
    algorithm: z.literal('ES256'),
    maxTokenSeconds,
    keys: z.array(ringKey(Es256Material)),
  })
  .superRefine(refuseBrokenRules);

/** The keys that sign and verify tokens. */
export const JwtKeyRing = z.discriminatedUnion('algorithm', [EdDsaRing, Es256Ring]);
export type JwtKeyRing = z.output<typeof JwtKeyRing>;

/** The keys that encrypt and decrypt values. */
export const DataKeyRing = z
  .looseObject({
    ringVersion: z.literal(1),
    purpose: z.literal('data'),
    algorithm: z.literal('A256GCM'),
    keys: z.array(ringKey(A256GcmMaterial)),
  })
  .superRefine(refuseBrokenRules);
export type DataKeyRing = z.output<typeof DataKeyRing>;

/** Keys of one purpose with their states and dates: the whole value of one secret. */
export const KeyRing = z.discriminatedUnion('algorithm', [EdDsaRing, Es256Ring, DataKeyRing]);
export type KeyRing = z.output<typeof KeyRing>;

export type RingKey<R extends KeyRing = KeyRing> = R['keys'][number];

const emptyFields = { ringVersion: z.literal(0) };

/** What CloudFormation puts where the first rotation will put a ring: it knows what for, and holds no key. */
export const EmptyKeyRing = z.discriminatedUnion('purpose', [
  z.looseObject({ ...emptyFields, purpose: z.literal('jwt'), algorithm: z.enum(['EdDSA', 'ES256']) }),
  z.looseObject({ ...emptyFields, purpose: z.literal('data'), algorithm: z.literal('A256GCM') }),
]);
export type EmptyKeyRing = z.output<typeof EmptyKeyRing>;

/** All that the secret may hold. Who signs, verifies, encrypts or decrypts wants a `JwtKeyRing` or a `DataKeyRing`. */
export const KeyRingSecret = z.discriminatedUnion('ringVersion', [KeyRing, EmptyKeyRing]);
export type KeyRingSecret = z.output<typeof KeyRingSecret>;

/** For the template: a secret that holds no keys yet. */
export function emptyRing(algorithm: KeyRing['algorithm']): EmptyKeyRing {
  return algorithm === 'A256GCM'
    ? { ringVersion: 0, purpose: 'data', algorithm }
    : { ringVersion: 0, purpose: 'jwt', algorithm };
}

/** What new tokens and values are made with. */
export function currentKey<R extends KeyRing>(ring: R): RingKey<R> {
  // The schema sees to it that there is one.
  return ring.keys.find(({ state }) => state === 'current')!;
}

export function nextKey<R extends KeyRing>(ring: R): RingKey<R> | undefined {
  return ring.keys.find(({ state }) => state === 'next');
}

/** The key of that id, whatever its state: each of them may verify and decrypt. */
export function keyOf<R extends KeyRing>(ring: R, kid: string): RingKey<R> | undefined {
  return ring.keys.find((key) => key.kid === kid);
}
