import { inspect } from 'node:util';
import {
  currentKey,
  decrypt,
  emptyRing,
  encrypt,
  everyKeyNeeded,
  keyRingStrategy,
  KeyRingLostError,
  KeyRingPolicyError,
  KeyRingUnfitError,
  newRing,
  proveRing,
  proveRollback,
  signToken,
  verifyToken,
  type DataKeyRing,
  type JwtKeyRing,
  type KeyCensus,
  type KeyRing,
  type KeyRingSecret,
  type KeyRingStrategyOptions,
} from '../../../../core/secrets/key-ring';
import { at, dataRing, failureOf, jwtRing, kids, POLICY, secretsOf, turned } from './rings';

const DAY = 86_400;

function strategyAt(seconds: number, options: Partial<KeyRingStrategyOptions> = {}) {
  const lines: string[] = [];
  const keep = (message: string, fields: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const strategy = keyRingStrategy({
    algorithm: 'EdDSA',
    policy: POLICY,
    now: () => at(seconds),
    log: { info: keep, warn: keep },
    ...options,
  });
  return { ...strategy, lines };
}

const create = (strategy: ReturnType<typeof strategyAt>, current: KeyRingSecret, previous?: KeyRingSecret) =>
  strategy.create({ current, previous }) as Promise<KeyRing>;

const test = (strategy: ReturnType<typeof strategyAt>, current: KeyRingSecret, pending: KeyRingSecret) =>
  strategy.test({ current, pending, previous: undefined });

const unneeded = (found: readonly string[]): Promise<KeyCensus> =>
  Promise.resolve({ needed: [], unneeded: found });

/** The ring with one of its keys changed. */
function withKey<R extends KeyRing>(ring: R, kid: string, change: (key: R['keys'][number]) => unknown): R {
  return { ...ring, keys: ring.keys.map((key) => (key.kid === kid ? change(key) : key)) };
}

function without<R extends KeyRing>(ring: R, kid: string): R {
  return { ...ring, keys: (ring.keys as { kid: string }[]).filter((key) => key.kid !== kid) };
}

describe('the first rotation of a placeholder', () => {
  it.each(['EdDSA', 'ES256', 'A256GCM'] as const)(
    'makes a ring of %s that passes the test',
    async (algorithm) => {
      const strategy = strategyAt(0, { algorithm });
      const current = { ...emptyRing(algorithm), note: 'kept' };
      const ring = strategy.schema.parse(
        JSON.parse(JSON.stringify(await create(strategy, current))),
      ) as KeyRing;
      expect(ring).toMatchObject({ ringVersion: 1, algorithm, note: 'kept' });
      await expect(test(strategy, current, ring)).resolves.toBeUndefined();
    },
  );

  it('is refused when a placeholder has been put in the place of a ring', async () => {
    await expect(create(strategyAt(0), emptyRing('EdDSA'), jwtRing())).rejects.toThrow(KeyRingLostError);
  });

  it('is refused when the secret is for another algorithm', async () => {
    await expect(create(strategyAt(0), emptyRing('A256GCM'))).rejects.toThrow(KeyRingUnfitError);
    await expect(create(strategyAt(0), jwtRing('ES256'))).rejects.toThrow(/new secret for another algorithm/);
  });
});

it('an unsafe policy is refused before anything is rotated', () => {
  expect(() => keyRingStrategy({ algorithm: 'EdDSA', policy: { ...POLICY, publishSeconds: 1 } })).toThrow(
    KeyRingPolicyError,
  );
});

it('a rotation too early keeps the ring, passes its test, and says until when', async () => {
  const ring = jwtRing();
  const strategy = strategyAt(60);
  const pending = await create(strategy, ring);
  expect(kids(pending)).toEqual(kids(ring));
  await expect(test(strategy, ring, pending)).resolves.toBeUndefined();
  expect(strategy.lines[0]).toContain('2026-11-28T01:00:00.000Z');
});

it('believes the service about when the ring came into force', async () => {
  const ring = jwtRing();
  const early = await create(strategyAt(3_600, { publishedAt: () => Promise.resolve(at(3_000)) }), ring);
  expect(kids(early).current).toEqual(kids(ring).current);
  const unknown = await create(strategyAt(3_600, { publishedAt: () => Promise.resolve(undefined) }), ring);
  expect(kids(unknown).current).toEqual(kids(ring).next);
});

it('sets nothing anywhere', async () => {
  const ring = jwtRing();
  await expect(
    strategyAt(0).set({ current: ring, pending: ring, previous: undefined }),
  ).resolves.toBeUndefined();
});

describe('a data ring', () => {
  const retired = turned(dataRing(), 3_600);
  const [old = ''] = kids(retired).previous;
  const marked = turned(retired, DAY, { unneeded: [old] });
  const late = 20 * DAY;

  it('loses a key that two censuses and the backups of ten days do not need', async () => {
    const asked: string[][] = [];
    const census = (named: readonly string[]) => {
      asked.push([...named]);
      return unneeded(named);
    };
    const strategy = strategyAt(late, { algorithm: 'A256GCM', census });
    const pending = await create(strategy, marked);
    expect(kids(pending).previous).not.toContain(old);
    await expect(test(strategy, marked, pending)).resolves.toBeUndefined();
    // The second one asks only about what the pending ring no longer holds.
    expect(asked).toEqual([[old, expect.any(String)], [old]]);
  });

  it.each([
    [
      'a census says needed',
      { census: (all: readonly string[]) => Promise.resolve(everyKeyNeeded(all, 'used')) },
    ],
    ['the census fails', { census: () => Promise.reject(new Error('no connection')) }],
    ['there is no census', {}],
  ])('keeps every key when %s, and rotates all the same', async (_, options) => {
    const strategy = strategyAt(late, { algorithm: 'A256GCM', ...options });
    const pending = await create(strategy, marked);
    expect(kids(pending).previous).toContain(old);
    expect(kids(pending).current).toEqual(kids(marked).next);
    await expect(test(strategy, marked, pending)).resolves.toBeUndefined();
  });

  it('is not asked about while it has no previous key', async () => {
    const census = () => Promise.reject(new Error('must not be asked'));
    const strategy = strategyAt(3_600, { algorithm: 'A256GCM', census });
    await create(strategy, dataRing());
    expect(strategy.lines.join()).not.toContain('must not be asked');
  });

  it('fails the test when a ciphertext appears between create and test', async () => {
    let calls = 0;
    const census = (all: readonly string[]) =>
      (calls += 1) === 1 ? unneeded(all) : Promise.resolve(everyKeyNeeded(all, 'public.users holds one'));
    const strategy = strategyAt(late, { algorithm: 'A256GCM', census });
    const pending = await create(strategy, marked);
    await expect(test(strategy, marked, pending)).rejects.toThrow(
      /not in it, though public\.users holds one/,
    );
  });
});

describe('a pending ring fails the test', () => {
  const ring = turned(jwtRing(), 3_600);
  const pending = turned(ring, 7_200);
  const strategy = strategyAt(7_200);
  const { next, current, previous } = kids(ring) as { next: [string]; current: [string]; previous: [string] };
  const stranger = jwtRing();

  const unfit: [string, KeyRingSecret][] = [
    ['with no keys', emptyRing('EdDSA')],
    ['of another algorithm', jwtRing('ES256')],
    ['of other keys altogether', stranger],
    ['without the key that is current now', without(pending, current[0])],
    ['without a previous key that tokens may still be of', without(pending, previous[0])],
    [
      'with another key under a known id',
      withKey(pending, previous[0], (key) => ({ ...key, material: stranger.keys[0]!.material })),
    ],
    [
      'with a current key that nobody knows yet',
      withKey(pending, next[0], (key) => ({ ...key, kid: 'unheard-of' })),
    ],
    [
      'with a key that has been retired as its current one',
      {
        ...ring,
        keys: ring.keys.map((key) => ({ ...key, state: key.kid === previous[0] ? 'current' : 'previous' })),
      } as JwtKeyRing,
    ],
    [
      'with a next key that can not sign',
      withKey(pending, kids(pending).next[0]!, (key) => ({
        ...key,
        material: { ...key.material, d: 'short' },
      })),
    ],
  ];

  it.each(unfit)('%s', async (_, candidate) => {
    const error = await failureOf(() => test(strategy, ring, candidate));
    expect(error).toBeInstanceOf(KeyRingUnfitError);
    const said = inspect(error, { depth: 10, showHidden: true });
    for (const secret of [...secretsOf(ring), ...secretsOf(pending)]) expect(said).not.toContain(secret);
  });

  it('and the good one passes', async () => {
    await expect(test(strategy, ring, pending)).resolves.toBeUndefined();
  });

  it('but passes without a previous key whose tokens have all expired', async () => {
    await expect(test(strategyAt(3 * DAY), ring, without(pending, previous[0]))).resolves.toBeUndefined();
  });
});

describe('a key proves itself', () => {
  it.each(['EdDSA', 'ES256', 'A256GCM'] as const)('of %s', async (algorithm) => {
    await expect(proveRing(newRing(algorithm, at(0), POLICY), at(0))).resolves.toBeUndefined();
  });

  it('unless its public part belongs to another', async () => {
    const ring = newRing('EdDSA', at(0), POLICY);
    const [first, second] = ring.keys as [(typeof ring.keys)[0], (typeof ring.keys)[0]];
    const mixed = withKey(ring, first.kid, (key) => ({
      ...key,
      material: { ...first.material, x: second.material.x },
    }));
    // Node takes the private part's own public key, so tokens still verify, and so does the key set that we serve.
    await expect(proveRing(mixed, at(0))).resolves.toBeUndefined();
    const token = await signToken(mixed, { sub: 'me' }, { expiresInSeconds: 60 });
    await expect(verifyToken(ring, token)).resolves.toMatchObject({ claims: { sub: 'me' } });
  });
});

describe('a roll-back to the previous ring', () => {
  it('is safe after any one rotation: what was made since is still taken', async () => {
    const before = dataRing();
    const after = turned(before, 3_600);
    await expect(proveRollback(after, before, at(4_000))).resolves.toBeUndefined();
    const context = { table: 'public.users', column: 'ssn', id: '1' };
    expect(decrypt(before, encrypt(after, 'made since', context), context)).toBe('made since');
  });

  it('is refused over two rotations', async () => {
    const before = jwtRing();
    const after = turned(turned(before, 3_600), 7_200);
    await expect(proveRollback(after, before, at(8_000))).rejects.toThrow(KeyRingUnfitError);
  });

  it('is refused when the previous ring has other keys', async () => {
    const error = await failureOf(() => proveRollback(jwtRing(), jwtRing(), at(0)));
    expect(error.message).toMatch(/leave the current ring in use and rotate forward$/);
  });
});

it('nothing that a rotation logs holds a key', async () => {
  const census = (all: readonly string[]) => unneeded(all);
  const strategy = strategyAt(20 * DAY, { algorithm: 'A256GCM', census });
  const rings: DataKeyRing[] = [dataRing()];
  for (let turns = 0; turns < 3; turns += 1)
    rings.push((await create(strategy, rings.at(-1)!)) as DataKeyRing);
  await create(strategy, emptyRing('A256GCM'));
  expect(strategy.lines.length).toBeGreaterThan(3);
  for (const secret of rings.flatMap(secretsOf)) expect(strategy.lines.join('\n')).not.toContain(secret);
  expect(strategy.lines.join('\n')).toContain(currentKey(rings[0]!).kid);
});
