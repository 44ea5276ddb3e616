import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  CipherInputError,
  CiphertextMalformedError,
  CiphertextRefusedError,
  currentKey,
  decrypt,
  encrypt,
  keyIdOf,
  needsReencryption,
  UnknownKeyError,
} from '../../../../core/secrets/key-ring';
import { dataRing, failureOf, kids, secretsOf, turned } from './rings';

const CONTEXT = { table: 'public.users', column: 'ssn', id: '42' };
const ring = dataRing();

/** The ciphertext with one of its dot-separated fields replaced. */
function withField(text: string, index: number, change: (field: string) => string): string {
  return text
    .split('.')
    .map((field, place) => (place === index ? change(field) : field))
    .join('.');
}

function otherCharacter(field: string, place: number): string {
  const there = field[place];
  return field.slice(0, place) + (there === 'A' ? 'B' : 'A') + field.slice(place + 1);
}

describe('a ciphertext is refused', () => {
  const text = encrypt(ring, 'a secret of some length', CONTEXT);
  const fields = text.split('.');

  it.each([
    [2, 'wrapped key'],
    [3, 'iv'],
    [4, 'ciphertext'],
    [5, 'tag'],
  ])('when any one character of field %i, the %s, is another', (index) => {
    const field = fields[index]!;
    for (let place = 0; place < field.length; place += 1) {
      const changed = withField(text, index, (whole) => otherCharacter(whole, place));
      expect(() => decrypt(ring, changed, CONTEXT)).toThrow(/Ciphertext|ciphertext|the value is not/);
    }
  });

  it('when any one field is that of another ciphertext of the same place', () => {
    const other = encrypt(ring, 'a secret of some LENGTH', CONTEXT).split('.');
    for (const index of [2, 3, 4, 5]) {
      const mixed = withField(text, index, () => other[index]!);
      expect(() => decrypt(ring, mixed, CONTEXT)).toThrow(CiphertextRefusedError);
    }
  });

  it('when it names another key of the ring', () => {
    const changed = withField(text, 1, () => kids(ring).next[0]!);
    expect(() => decrypt(ring, changed, CONTEXT)).toThrow(CiphertextRefusedError);
  });

  it('when its key is the same under another id', () => {
    const keys = ring.keys.map((key) => ({ ...key, kid: `${key.kid}-2` }));
    const changed = withField(text, 1, (kid) => `${kid}-2`);
    expect(() => decrypt({ ...ring, keys }, changed, CONTEXT)).toThrow(CiphertextRefusedError);
  });

  it('when it names a key that is not in the ring, and says which', async () => {
    const error = await failureOf(() => decrypt(dataRing(), text, CONTEXT));
    expect(error).toBeInstanceOf(UnknownKeyError);
    expect(error).toMatchObject({ code: 'UnknownKeyError', kid: currentKey(ring).kid });
  });

  it.each([
    { ...CONTEXT, id: '43' },
    { ...CONTEXT, column: 'phone' },
    { ...CONTEXT, table: 'public.staff' },
    { ...CONTEXT, tenant: '' },
    { table: 'public.users', column: 'ssn' },
    { table: 'public.users', column: 'ssn', ID: '42' },
    { table: 'public.users', column: 'ssn","id":"42' },
  ] as Record<string, string>[])('in another place: %j', (context) => {
    expect(() => decrypt(ring, text, context)).toThrow(CiphertextRefusedError);
  });

  it.each([
    ['empty', ''],
    ['plain', '078-05-1120'],
    ['of another version', withField(text, 0, () => 'gl2')],
    ['without a key id', withField(text, 1, () => '')],
    ['with a key id of another alphabet', withField(text, 1, () => 'a b')],
    ['with a field too few', fields.slice(0, 5).join('.')],
    ['with a field too many', `${text}.`],
    ['cut off', text.slice(0, -1)],
    ['with a short tag', withField(text, 5, (tag) => tag.slice(0, 16))],
    ['with no iv', withField(text, 3, () => '')],
    ['with padding', `${text}==`],
    [
      'with other spelling of the same bytes',
      withField(text, 5, (tag) => tag.slice(0, -1) + sameBits(tag.at(-1)!)),
    ],
    ['with a line break', `${text}\n`],
  ])('when it is %s', (_, value) => {
    expect(() => decrypt(ring, value, CONTEXT)).toThrow(CiphertextMalformedError);
    expect(() => keyIdOf(value)).toThrow(CiphertextMalformedError);
  });
});

/** Another last character of a 22-character field: its four last bits mean nothing to most decoders. */
function sameBits(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(character) + 1]!;
}

it('a context that reads like another one is another one', () => {
  const [one, two] = [{ a: 'b,c,d' }, { a: 'b', c: 'd' }];
  expect(() => decrypt(ring, encrypt(ring, 'text', one), two)).toThrow(CiphertextRefusedError);
  expect(() => decrypt(ring, encrypt(ring, 'text', { a: '1","b' }), { a: '1', b: '' })).toThrow(
    CiphertextRefusedError,
  );
});

describe('nothing is encrypted', () => {
  it('for no place at all', () => {
    expect(() => encrypt(ring, 'text', {})).toThrow(CipherInputError);
  });

  it('for a place that is not text', () => {
    expect(() => encrypt(ring, 'text', { id: 42 as unknown as string })).toThrow(CipherInputError);
  });

  it('that would come back as other characters', () => {
    expect(() => encrypt(ring, 'half of a pair: \ud83d', CONTEXT)).toThrow(CipherInputError);
  });
});

it('any text comes back in its own place, and in the order of its context that one likes', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(''), fc.constant('x'.repeat(100_000)));
  const context = fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { minKeys: 1 });
  fc.assert(
    fc.property(text, context, (plaintext, place) => {
      const reversed = Object.fromEntries(Object.entries(place).reverse());
      expect(decrypt(ring, encrypt(ring, plaintext, place), reversed)).toBe(plaintext);
    }),
  );
});

it('the same text is never the same ciphertext', () => {
  const texts = Array.from({ length: 100 }, () => encrypt(ring, 'same', CONTEXT).split('.'));
  for (const field of [2, 3, 4, 5]) expect(new Set(texts.map((fields) => fields[field])).size).toBe(100);
});

it('the text says the key that it was made with, and whether that is still the current one', () => {
  const text = encrypt(ring, 'value', CONTEXT);
  const later = turned(ring, 3_600);
  expect(text.startsWith(`gl1.${currentKey(ring).kid}.`)).toBe(true);
  expect(keyIdOf(text)).toBe(currentKey(ring).kid);
  expect(needsReencryption(ring, text)).toBe(false);
  expect(needsReencryption(later, text)).toBe(true);
});

it('a value is decrypted by who has the ring before and by who has the ring after', () => {
  const later = turned(ring, 3_600);
  expect(decrypt(later, encrypt(ring, 'old', CONTEXT), CONTEXT)).toBe('old');
  expect(decrypt(ring, encrypt(later, 'new', CONTEXT), CONTEXT)).toBe('new');
});

it('no refusal holds a key, a plaintext or a ciphertext', async () => {
  const text = encrypt(ring, 'patient-4711', CONTEXT);
  const refusals = await Promise.all([
    failureOf(() => decrypt(ring, text, { ...CONTEXT, id: '1' })),
    failureOf(() => decrypt(dataRing(), text, CONTEXT)),
    failureOf(() => decrypt(ring, text.slice(1), CONTEXT)),
    failureOf(() => encrypt(ring, 'patient-4711 \ud83d', CONTEXT)),
    failureOf(() => encrypt(ring, 'patient-4711', {})),
  ]);
  for (const error of refusals) {
    const said = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
    for (const secret of [...secretsOf(ring), 'patient-4711', text.slice(30)])
      expect(said).not.toContain(secret);
  }
});
