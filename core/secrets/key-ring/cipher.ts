import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  CipherInputError,
  CiphertextMalformedError,
  CiphertextRefusedError,
  UnknownKeyError,
} from './errors';
import { keyBytesOf } from './key-material';
import { currentKey, KEY_ID, keyOf, type DataKeyRing } from './ring';

/**
 * Where a value belongs, such as `{ table: 'public.users', column: 'ssn', id: '42' }`. It is not stored, and whoever
 * decrypts must say the same, so a ciphertext that is copied to another row or column is refused there.
 */
export type CipherContext = Readonly<Record<string, string>>;

/** The version of the text format, which every ciphertext begins with. */
export const CIPHERTEXT_PREFIX = 'gl1';

/**
 * Encrypts with a key of the value's own, and that one with the ring's current key.
 *
 * The result is `gl1.<kid>.<wrapped key>.<iv>.<ciphertext>.<tag>`, the last four as base64url: about 130 characters
 * and four thirds of the plaintext's bytes. The value is AES-256-GCM (NIST SP 800-38D); its key is wrapped by AES Key
 * Wrap (RFC 3394), which needs no nonce, so that there is no limit to how many values one key of the ring may serve.
 *
 * @throws CipherInputError
 */
export function encrypt(ring: DataKeyRing, plaintext: string, context: CipherContext): string {
  // Encoding would silently put another character in its place.
  if (/\p{Surrogate}/u.test(plaintext)) {
    throw new CipherInputError('the text holds half of a surrogate pair; encrypt well-formed text');
  }
  const { kid, material } = currentKey(ring);
  const valueKey = randomBytes(KEY_BYTES);
  const wrapping = createCipheriv(WRAP, keyBytesOf(material), WRAP_IV);
  const wrapped = Buffer.concat([wrapping.update(valueKey), wrapping.final()]);
  const header = [CIPHERTEXT_PREFIX, kid, wrapped.toString('base64url')].join('.');
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', valueKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(header, context));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return [header, ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
    '.',
  );
}

/**
 * The plaintext, with any key of the ring, also the next one: who encrypted may have a newer ring.
 *
 * @throws UnknownKeyError when the ring does not hold the key: one look at a newer ring may help
 * @throws CiphertextRefusedError when it was changed, or made for another place
 * @throws CiphertextMalformedError, CipherInputError
 */
export function decrypt(ring: DataKeyRing, text: string, context: CipherContext): string {
  const { kid, header, wrapped, iv, ciphertext, tag } = parsed(text);
  const key = keyOf(ring, kid);
  if (!key) {
    throw new UnknownKeyError(
      kid,
      `the ciphertext names key ${kid}, which is not in the key ring; read the ring anew once, then look for it in earlier versions of the secret`,
    );
  }
  const aad = authenticated(header, context);
  try {
    const unwrapping = createDecipheriv(WRAP, keyBytesOf(key.material), WRAP_IV);
    const valueKey = Buffer.concat([unwrapping.update(wrapped), unwrapping.final()]);
    const decipher = createDecipheriv('aes-256-gcm', valueKey, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad);
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch {
    // OpenSSL says no more than that it does not fit.
    throw new CiphertextRefusedError(
      `a ciphertext of key ${kid} was changed, or belongs to another place; see that the context names the row and column that it was encrypted for`,
    );
  }
}

/** Whether the value was made with another key than new ones are. @throws CiphertextMalformedError */
export function needsReencryption(ring: DataKeyRing, text: string): boolean {
  return keyIdOf(text) !== currentKey(ring).kid;
}

/** The id of the ring's key that the value was made with. @throws CiphertextMalformedError */
export function keyIdOf(text: string): string {
  return parsed(text).kid;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAP = 'id-aes256-wrap';
/** RFC 3394 §2.2.3.1: what shows, after unwrapping, that the key was the right one. */
const WRAP_IV = Buffer.alloc(8, 0xa6);
const WRAPPED_BYTES = KEY_BYTES + WRAP_IV.length;

function parsed(text: string) {
  const [prefix, kid = '', ...rest] = text.split('.');
  if (prefix !== CIPHERTEXT_PREFIX || !KEY_ID.test(kid) || rest.length !== 4) throw malformed();
  const [wrapped, iv, ciphertext, tag] = rest.map(bytesOf) as [Buffer, Buffer, Buffer, Buffer];
  if (wrapped.length !== WRAPPED_BYTES || iv.length !== IV_BYTES || tag.length !== TAG_BYTES) {
    throw malformed();
  }
  return { kid, header: [prefix, kid, rest[0]].join('.'), wrapped, iv, ciphertext, tag };
}

/** Decodes the one way of writing these bytes: Buffer would also take others, and so a changed text. */
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw malformed();
  return bytes;
}

function malformed(): CiphertextMalformedError {
  return new CiphertextMalformedError(
    `the value is not of the form ${CIPHERTEXT_PREFIX}.<kid>.<wrapped>.<iv>.<ciphertext>.<tag>; see whether it was cut off, or never encrypted`,
  );
}

/** The header and the context as the bytes that the tag covers: two different ones never give the same. */
function authenticated(header: string, context: CipherContext): Buffer {
  const entries = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) {
    throw new CipherInputError(
      'the context is empty; name the table, the column and the row, so that the value is good for nowhere else',
    );
  }
  if (entries.some(([, value]) => typeof value !== 'string')) {
    throw new CipherInputError('the context holds a value that is no text; write numbers and ids as text');
  }
  return Buffer.from(`${header}.${JSON.stringify(entries)}`, 'utf8');
}
