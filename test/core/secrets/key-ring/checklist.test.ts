import {
  advance,
  currentKey,
  decrypt,
  encrypt,
  everyKeyNeeded,
  jwks,
  keyRingStrategy,
  nextKey,
  signToken,
  verifyToken,
  type DataKeyRing,
  type JwtKeyRing,
} from '../../../../core/secrets/key-ring';
import { at, dataRing, jwtRing, kids, POLICY, turned } from './rings';

// Numbers of the checklist of rotation behaviours, §1 of facts/rotation.md.

const CONTEXT = { table: 'public.users', column: 'ssn', id: '42' };
const DAY = 86_400;

const token = (ring: JwtKeyRing, seconds: number, expiresInSeconds = POLICY.maxTokenSeconds) =>
  signToken(ring, { sub: 'me' }, { expiresInSeconds, now: at(seconds) });

const accepted = (ring: JwtKeyRing, text: string, seconds: number) =>
  verifyToken(ring, text, { now: at(seconds), clockToleranceSeconds: 0 }).then(
    () => true,
    () => false,
  );

describe('30. JWT: publish before signing', () => {
  const first = jwtRing();

  it('30. the key set shows a key before anything signs with it', async () => {
    const published = (await jwks(first)).keys.map(({ kid }) => kid);
    const second = turned(first, 3_600);
    expect(published).toContain(currentKey(second).kid);
    expect((await jwks(second)).keys.map(({ kid }) => kid)).toContain(nextKey(second)!.kid);
  });

  it('30. nothing signs with a key that has not been published for long enough, however often it is rotated', () => {
    let ring = first;
    for (let second = 0; second < 3_600; second += 300)
      ring = turned(ring, second, { publishedAt: at(second) });
    expect(currentKey(ring).kid).toBe(currentKey(first).kid);
  });

  it('30. a task started after a rotation signs tokens that tasks of before accept', async () => {
    const text = await token(turned(first, 3_600), 3_600);
    expect(await accepted(first, text, 3_601)).toBe(true);
  });

  it('30. the old key stays for the longest token of the last stale signer', async () => {
    const retiredAt = 3_600;
    const lastSigned = retiredAt + POLICY.cacheSeconds;
    const text = await token(first, lastSigned);
    const lastSecond = lastSigned + POLICY.maxTokenSeconds - 1;
    // Rotated at every chance until the token's last second.
    let ring = first;
    for (let second = retiredAt; second <= lastSecond; second += 3_600) ring = turned(ring, second);
    ring = turned(ring, lastSecond);
    expect(await accepted(ring, text, lastSecond)).toBe(true);
  });
});

describe('31. one value holds the whole ring', () => {
  it('31. key ids, states and dates stand in the one value', () => {
    const ring = turned(turned(jwtRing(), 3_600), 7_200);
    const read = JSON.parse(JSON.stringify(ring)) as JwtKeyRing;
    expect(read.keys.map(({ state }) => state)).toEqual(['previous', 'previous', 'current', 'next']);
    expect(new Set(read.keys.map(({ kid }) => kid)).size).toBe(4);
    expect(read.keys.map(({ retiredAt }) => retiredAt)).toEqual([
      at(3_600).toISOString(),
      at(7_200).toISOString(),
      undefined,
      undefined,
    ]);
  });

  it('31. two rotations inside one token’s life log nobody out', async () => {
    const first = jwtRing();
    const text = await token(first, 0);
    const immediately = turned(turned(first, 10), 20);
    const whenDue = turned(turned(first, 3_600), 7_200);
    expect(kids(whenDue).previous).toHaveLength(2);
    expect(await accepted(immediately, text, DAY - 1)).toBe(true);
    expect(await accepted(whenDue, text, DAY - 1)).toBe(true);
  });
});

describe('32. encryption keys', () => {
  const first = dataRing();

  it('32. whoever can decrypt knows a key before anybody encrypts with it', () => {
    const text = encrypt(turned(first, 3_600), 'value', CONTEXT);
    expect(decrypt(first, text, CONTEXT)).toBe('value');
  });

  it('32. a key is never dropped while a ciphertext carries its id', async () => {
    const text = encrypt(first, 'value', CONTEXT);
    let now = 0;
    const strategy = keyRingStrategy({
      algorithm: 'A256GCM',
      policy: POLICY,
      now: () => at(now),
      census: (asked) =>
        Promise.resolve({
          needed: everyKeyNeeded([currentKey(first).kid], 'one value').needed,
          unneeded: asked.filter((kid) => kid !== currentKey(first).kid),
        }),
    });
    let ring: DataKeyRing = first;
    for (let turn = 1; turn <= 10; turn += 1) {
      now = turn * 30 * DAY;
      ring = (await strategy.create({ current: ring, previous: undefined })) as DataKeyRing;
    }
    // The others were dropped, so it is the census that keeps this one.
    expect(ring.keys.length).toBeLessThan(6);
    expect(decrypt(ring, text, CONTEXT)).toBe('value');
  });

  it('32. nor while a backup may bring such a ciphertext back', () => {
    const retired = turned(first, 3_600);
    const unneeded = kids(retired).previous;
    const found = advance(retired, at(DAY), POLICY, { unneeded }).ring;
    const lastRestore = at(DAY + POLICY.backupSeconds);
    expect(advance(found, lastRestore, POLICY, { unneeded }).pruned).toEqual([]);
  });
});
