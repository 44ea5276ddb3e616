import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { decrypt, encrypt, keyIdOf } from './cipher';
import { KeyRingUnfitError } from './errors';
import { jwks, signToken, verifyToken } from './jwt';
import type { DataKeyRing, JwtKeyRing, KeyRing } from './ring';

/**
 * Makes something with every key of the ring and takes it again with the ring as its users have it, and, of a jwt
 * ring, with the public keys alone.
 *
 * @throws KeyRingUnfitError
 */
export async function proveRing(ring: KeyRing, now: Date): Promise<void> {
  for (const { kid } of ring.keys) {
    try {
      if (ring.purpose === 'jwt') await proveSigning(ring, kid, now);
      else proveEncryption(ring, kid);
    } catch {
      // What failed may name parts of a key; which key it was is what helps.
      throw new KeyRingUnfitError(
        `key ${kid} of the pending key ring does not take what it made itself; the current ring stays in use: cancel the rotation, and rotate again`,
      );
    }
  }
}

async function proveSigning(ring: JwtKeyRing, kid: string, now: Date): Promise<void> {
  const token = await signToken(usedAs(ring, kid), { sub: kid }, { expiresInSeconds: 1, now });
  const verified = await verifyToken(ring, token, { now });
  const { payload } = await jwtVerify(token, createLocalJWKSet(await jwks(ring)), { currentDate: now });
  if (verified.kid !== kid || payload.sub !== kid) throw new Error('another key answered');
}

function proveEncryption(ring: DataKeyRing, kid: string): void {
  const plaintext = randomUUID();
  const context = { purpose: 'proof' };
  const ciphertext = encrypt(usedAs(ring, kid), plaintext, context);
  if (keyIdOf(ciphertext) !== kid || decrypt(ring, ciphertext, context) !== plaintext) {
    throw new Error('another value came back');
  }
}

/** The ring as it was, or will be, while that key is current. */
function usedAs<R extends KeyRing>(ring: R, kid: string): R {
  return {
    ...ring,
    keys: ring.keys.map((key) => ({ ...key, state: key.kid === kid ? 'current' : 'next' })),
  };
}
