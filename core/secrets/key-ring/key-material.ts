import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type ED25519KeyPairOptions,
  type KeyObject,
} from 'node:crypto';
import { inspect } from 'node:util';
import * as z from 'zod';

/** 32 bytes, which is what a part of each of our keys has, as base64url without padding. */
const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes as base64url');

/** Keys are JSON Web Keys (RFC 7517), so that every language's library takes them as they are. */
export const EdDsaMaterial = z
  .looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: Bytes32, d: Bytes32 })
  .transform(unprinted);

export const Es256Material = z
  .looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: Bytes32, y: Bytes32, d: Bytes32 })
  .transform(unprinted);

export const A256GcmMaterial = z.looseObject({ kty: z.literal('oct'), k: Bytes32 }).transform(unprinted);

export type SigningMaterial = z.output<typeof EdDsaMaterial> | z.output<typeof Es256Material>;
export type EncryptionMaterial = z.output<typeof A256GcmMaterial>;
export type KeyMaterial = SigningMaterial | EncryptionMaterial;

/** What the ring's keys are for, in JOSE's names (RFC 7518, RFC 8037). */
export type KeyRingAlgorithm = 'EdDSA' | 'ES256' | 'A256GCM';

/**
 * Text and not a `KeyObject`: that shares a lock with the job that made it, and in Node 20 exporting one waits for ever when
 * the garbage collector takes the job away meanwhile, since both want the lock on the same thread.
 */
const PEM: ED25519KeyPairOptions<'pem', 'pem'> = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};

function jwkOf({ privateKey }: { readonly privateKey: string }): unknown {
  return createPrivateKey(privateKey).export({ format: 'jwk' });
}

/** A key that nobody has seen. */
export function newMaterial(algorithm: KeyRingAlgorithm): KeyMaterial {
  switch (algorithm) {
    case 'EdDSA':
      return EdDsaMaterial.parse(jwkOf(generateKeyPairSync('ed25519', PEM)));
    case 'ES256':
      return Es256Material.parse(jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256', ...PEM })));
    case 'A256GCM':
      return A256GcmMaterial.parse({ kty: 'oct', k: randomBytes(32).toString('base64url') });
  }
}

/** Parsed once for each ring that was read: parsing costs more than signing. */
const privateKeys = new WeakMap<SigningMaterial, KeyObject>();
const publicKeys = new WeakMap<SigningMaterial, KeyObject>();

export function privateKeyOf(material: SigningMaterial): KeyObject {
  return remembered(privateKeys, material, () => createPrivateKey({ key: { ...material }, format: 'jwk' }));
}

/** Derived from the private part, never from the public one beside it: the two may not belong together. */
export function publicKeyOf(material: SigningMaterial): KeyObject {
  return remembered(publicKeys, material, () => createPublicKey(privateKeyOf(material)));
}

/** The 32 bytes of an encryption key. */
export function keyBytesOf(material: EncryptionMaterial): Buffer {
  return Buffer.from(material.k, 'base64url');
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/**
 * Keeps a key out of `console.log`, of logs that inspect what they are given, and of errors that carry a ring along.
 * JSON still holds it: that is how the ring is stored.
 */
function unprinted<T extends object>(material: T): T {
  return Object.defineProperty(material, inspect.custom, {
    value: () => '[key material]',
    enumerable: false,
  });
}
