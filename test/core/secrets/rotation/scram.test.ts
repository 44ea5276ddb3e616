import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { scramVerifier } from '../../../../core/secrets/rotation';

test('makes the keys of RFC 7677’s example', () => {
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  const [, salt, storedKey, serverKey] =
    /^SCRAM-SHA-256\$4096:([^$]+)\$([^:]+):(.+)$/.exec(verifier)?.map((part) => part) ?? [];
  expect(salt).toBe('W22ZaJ0SNY7soEsUEjb6gQ==');
  // The RFC gives what both sides prove with the keys: the server signs with its own.
  const said =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
    's=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const signature = createHmac('sha256', Buffer.from(serverKey!, 'base64')).update(said).digest('base64');
  expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  // And the client proves that it has what the stored key is the hash of.
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
  const clientSignature = createHmac('sha256', Buffer.from(storedKey!, 'base64')).update(said).digest();
  const clientKey = proof.map((byte, at) => byte ^ clientSignature[at]!);
  expect(createHash('sha256').update(clientKey).digest('base64')).toBe(storedKey);
});

test('salts each verifier anew', () => {
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
  const [, salt = '', storedKey] = /:([^$]+)\$([^:]+):/.exec(scramVerifier('pencil')) ?? [];
  const salted = pbkdf2Sync('pencil', Buffer.from(salt, 'base64'), 4096, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  expect(createHash('sha256').update(clientKey).digest('base64')).toBe(storedKey);
});

test.each(['', 'pässword', 'a\nb', 'a\u0000b', '\u00a0'])('refuses %j, and does not say it', (password) => {
  expect(() => scramVerifier(password)).toThrow(
    /^the password is empty or has characters that are no printable ASCII; [^;]*rotate again$/,
  );
});
