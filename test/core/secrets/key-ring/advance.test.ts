import { inspect } from 'node:util';
import {
  advance,
  DEFAULT_KEY_RING_POLICY,
  emptyRing,
  KeyRing,
  KeyRingPolicyError,
  KeyRingSecret,
  newRing,
  nextKey,
} from '../../../../core/secrets/key-ring';
import { at, dataRing, jwtRing, kids, POLICY, secretsOf, turned } from './rings';

describe('a policy is refused', () => {
  it('when a key would be used before every cache knows it', () => {
    const policy = { ...POLICY, publishSeconds: 299 };
    expect(() => advance(jwtRing(), at(0), policy)).toThrow(KeyRingPolicyError);
    expect(() => newRing('EdDSA', at(0), policy)).toThrow(
      /publishSeconds must be at least cacheSeconds.*correct it/,
    );
  });

  it('when a number is none', () => {
    expect(() => newRing('EdDSA', at(0), { ...POLICY, maxTokenSeconds: NaN })).toThrow(/maxTokenSeconds/);
  });

  it('but not the default one', () => {
    expect(() => newRing('EdDSA', at(0), DEFAULT_KEY_RING_POLICY)).not.toThrow();
  });
});

describe('a first ring', () => {
  it.each(['EdDSA', 'ES256', 'A256GCM'] as const)('of %s has a current and a next key', (algorithm) => {
    const ring = newRing(algorithm, at(0), POLICY);
    expect(ring.keys.map(({ state }) => state)).toEqual(['current', 'next']);
    expect(KeyRing.parse(JSON.parse(JSON.stringify(ring)))).toEqual(ring);
  });
});

describe('a turn', () => {
  it('leaves the ring as it is while the next key is too young, and says until when', () => {
    const ring = jwtRing();
    const result = advance(ring, at(3_599), POLICY);
    expect(result).toMatchObject({ promoted: false, nextUsableAt: at(3_600), pruned: [] });
    expect(result.reason).toContain('too young');
    expect(kids(result.ring)).toEqual(kids(ring));
  });

  it('makes the next key current, keeps the old one, and publishes another', () => {
    const ring = jwtRing();
    const result = advance(ring, at(3_600), POLICY);
    const before = kids(ring);
    const after = kids(result.ring);
    expect(result.promoted).toBe(true);
    expect(after.current).toEqual(before.next);
    expect(after.previous).toEqual(before.current);
    expect(after.next).toHaveLength(1);
    expect(after.next).not.toEqual(before.next);
    expect(result.nextUsableAt).toEqual(at(7_200));
    expect(result.ring.keys.find(({ state }) => state === 'previous')?.retiredAt).toBe(
      at(3_600).toISOString(),
    );
  });

  it('changes nothing in the ring that it was given', () => {
    const ring = jwtRing();
    const before = JSON.stringify(ring);
    advance(ring, at(4_000), POLICY, { publishedAt: at(10) });
    expect(JSON.stringify(ring)).toBe(before);
  });

  it('gives a ring without a next key one, and promotes nothing', () => {
    const full = newRing('EdDSA', at(0), POLICY);
    const ring = { ...full, keys: full.keys.filter(({ state }) => state === 'current') };
    const result = advance(ring, at(9_999), POLICY);
    expect(result.promoted).toBe(false);
    expect(kids(result.ring)).toEqual({ ...kids(ring), next: [expect.any(String)] });
  });

  it('counts a key as published when its ring came into force, not when it was made', () => {
    const ring = jwtRing();
    expect(advance(ring, at(3_600), POLICY, { publishedAt: at(1_800) })).toMatchObject({
      promoted: false,
      nextUsableAt: at(5_400),
    });
  });

  it('does not begin to wait again when a ring that promoted nothing comes into force', () => {
    const early = turned(jwtRing(), 100, { publishedAt: at(0) });
    expect(advance(early, at(3_600), POLICY, { publishedAt: at(100) }).promoted).toBe(true);
  });

  it('keeps what it does not know', () => {
    const ring = { ...jwtRing(), owner: 'checkout' };
    expect(advance(ring, at(4_000), POLICY).ring).toMatchObject({ owner: 'checkout' });
  });
});

describe('a previous jwt key', () => {
  const LIFE = 86_400 + 2 * 300;

  it('stays for the longest token and two caches, and goes then', () => {
    const retired = turned(jwtRing(), 3_600);
    const { previous } = kids(retired);
    expect(kids(turned(retired, 3_600 + LIFE)).previous).toContain(previous[0]);
    expect(advance(retired, at(3_600 + LIFE + 1), POLICY).pruned).toEqual(previous);
  });

  it('is counted from when its successor came into force', () => {
    const retired = turned(jwtRing(), 3_600);
    const late = { publishedAt: at(50_000) };
    expect(advance(retired, at(3_600 + LIFE + 1), POLICY, late).pruned).toEqual([]);
    expect(advance(retired, at(50_000 + LIFE + 1), POLICY, late).pruned).toHaveLength(1);
  });

  it('outlives tokens of the longer life that was allowed before', () => {
    const retired = turned(jwtRing(), 3_600);
    const shorter = { ...POLICY, maxTokenSeconds: 60 };
    const result = advance(retired, at(10_000), shorter);
    expect(result.pruned).toEqual([]);
    expect(advance(result.ring, at(20_000), shorter).pruned).toEqual([]);
  });
});

describe('a previous data key', () => {
  const DAY = 86_400;

  it('stays for ever while nobody says that it is unneeded', () => {
    const retired = turned(dataRing(), 3_600);
    expect(advance(retired, at(10_000 * DAY), POLICY).pruned).toEqual([]);
  });

  it('goes when it has been unneeded for as long as backups are kept', () => {
    const retired = turned(dataRing(), 3_600);
    const unneeded = kids(retired).previous;
    const found = advance(retired, at(DAY), POLICY, { unneeded });
    expect(found.pruned).toEqual([]);
    expect(advance(found.ring, at(11 * DAY), POLICY, { unneeded }).pruned).toEqual([]);
    expect(advance(found.ring, at(11 * DAY + 1), POLICY, { unneeded }).pruned).toEqual(unneeded);
  });

  it('begins anew when a restore brings its ciphertexts back', () => {
    const retired = turned(dataRing(), 3_600);
    const unneeded = kids(retired).previous;
    const found = turned(retired, DAY, { unneeded });
    const restored = turned(found, 10 * DAY, { unneeded: [] });
    expect(advance(restored, at(12 * DAY), POLICY, { unneeded }).pruned).toEqual([]);
  });

  it('is not taken as unneeded while a client may still write with it', () => {
    const retired = turned(dataRing(), 3_600);
    const unneeded = kids(retired).previous;
    const asked = turned(retired, 3_600 + 600, { unneeded });
    expect(advance(asked, at(100 * DAY), POLICY, { unneeded }).pruned).toEqual([]);
  });

  it('is the only kind that is ever unneeded', () => {
    const ring = dataRing();
    const everything = ring.keys.map(({ kid }) => kid);
    const marked = turned(ring, 100, { unneeded: everything });
    expect(advance(marked, at(100 * DAY), POLICY, { unneeded: everything }).pruned).toEqual([]);
  });
});

describe('a secret is refused as a ring', () => {
  const ring = jwtRing();
  const [current, next] = ring.keys as [(typeof ring.keys)[0], (typeof ring.keys)[0]];
  const problems: [string, unknown][] = [
    ['with no current key', { ...ring, keys: [next] }],
    ['with two current keys', { ...ring, keys: [current, { ...next, state: 'current' }] }],
    ['with two next keys', { ...ring, keys: [current, next, { ...next, kid: 'another' }] }],
    ['with a key id twice', { ...ring, keys: [current, { ...next, kid: current.kid }] }],
    ['with a previous key without its date', { ...ring, keys: [current, { ...next, state: 'previous' }] }],
    ['with a key id that would not stand between dots', { ...ring, keys: [{ ...current, kid: 'a.b' }] }],
    ['with a date that is none', { ...ring, keys: [{ ...current, createdAt: 'yesterday' }] }],
    [
      'with a public key only',
      { ...ring, keys: [{ ...current, material: { ...current.material, d: undefined } }] },
    ],
    ['with keys of another algorithm', { ...ring, algorithm: 'ES256' }],
    ['with no longest life of tokens', { ...ring, maxTokenSeconds: undefined }],
    ['of a version that is not known', { ...ring, ringVersion: 2 }],
    ['that is for one purpose and of an algorithm of the other', { ...ring, purpose: 'data' }],
    ['that is empty', {}],
  ];

  it.each(problems)('%s, and the refusal holds no key', (_, secret) => {
    const result = KeyRingSecret.safeParse(secret);
    expect(result.success).toBe(false);
    const said = inspect(result.error, { depth: 10 }) + JSON.stringify(result.error?.issues);
    for (const value of secretsOf(ring)) expect(said).not.toContain(value);
  });
});

it.each(['EdDSA', 'ES256', 'A256GCM'] as const)(
  'an empty ring of %s is a secret, but no ring',
  (algorithm) => {
    expect(KeyRingSecret.parse(emptyRing(algorithm))).toEqual(emptyRing(algorithm));
    expect(KeyRing.safeParse(emptyRing(algorithm)).success).toBe(false);
  },
);

it('an empty ring is always the same text: CloudFormation would put another one over the ring', () => {
  expect(
    ['EdDSA', 'ES256', 'A256GCM'].map((algorithm) => JSON.stringify(emptyRing(algorithm as 'EdDSA'))),
  ).toEqual([
    '{"ringVersion":0,"purpose":"jwt","algorithm":"EdDSA"}',
    '{"ringVersion":0,"purpose":"jwt","algorithm":"ES256"}',
    '{"ringVersion":0,"purpose":"data","algorithm":"A256GCM"}',
  ]);
});

it.each(['EdDSA', 'ES256', 'A256GCM'] as const)('a ring of %s that is logged shows no key', (algorithm) => {
  const made = newRing(algorithm, at(0), POLICY);
  const read = KeyRing.parse(JSON.parse(JSON.stringify(made)));
  const rings = [made, read, turned(read, 4_000)];
  for (const ring of rings) {
    const shown = inspect(ring, { depth: 10 });
    expect(shown).toContain(nextKey(ring)!.kid);
    for (const value of secretsOf(ring)) expect(shown).not.toContain(value);
  }
});
