import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { PasswordNotSupportedError } from './errors';

/** PostgreSQL's own default. https://www.postgresql.org/docs/17/runtime-config-connection.html#GUC-SCRAM-ITERATIONS */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const PRINTABLE_ASCII = /^[ -~]+$/;

/**
 * What PostgreSQL keeps of a password, in place of the password: `ALTER ROLE` takes no parameters, and with this the
 * password itself is in no statement, so in no log of statements and in no `pg_stat_activity`.
 *
 * A password of other characters than printable ASCII is refused: servers and clients would have to agree on how to
 * normalise it (SASLprep), and not all do.
 *
 * RFC 5803, and https://www.postgresql.org/docs/17/catalog-pg-authid.html
 *
 * @throws PasswordNotSupportedError
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  if (!PRINTABLE_ASCII.test(password)) {
    throw new PasswordNotSupportedError(
      'the password is empty or has characters that are no printable ASCII; put one into the secret that has none, or rotate again',
    );
  }
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
