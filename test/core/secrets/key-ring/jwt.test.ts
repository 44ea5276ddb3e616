import { createHmac, createPublicKey, createVerify, verify, type JsonWebKey } from 'node:crypto';
import { inspect } from 'node:util';
import { createLocalJWKSet, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import {
  currentKey,
  jwks,
  signToken,
  TokenExpiredError,
  TokenInvalidError,
  TokenLifetimeError,
  TokenNotYetValidError,
  UnknownKeyError,
  verifyToken,
  verifyWithRefresh,
  type JwtKeyRing,
} from '../../../../core/secrets/key-ring';
import { privateKeyOf } from '../../../../core/secrets/key-ring/key-material';
import { at, failureOf, jwtRing, kids, secretsOf, turned } from './rings';

const HOUR = { expiresInSeconds: 3_600, now: at(0) };

/** A token as somebody else may make it, signed with a key of the ring. */
function forged(ring: JwtKeyRing, header: object, claims: object): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: ring.algorithm, kid: currentKey(ring).kid, ...header })
    .sign(privateKeyOf(currentKey(ring).material));
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const inOneHour = at(3_600).getTime() / 1000;

describe.each(['EdDSA', 'ES256'] as const)('with %s', (algorithm) => {
  const ring = jwtRing(algorithm);

  describe('a token is refused', () => {
    const now = at(0);

    it('when its claims were changed', async () => {
      const [header, , signature] = (await signToken(ring, { sub: 'me' }, HOUR)).split('.');
      const token = [header, encoded({ sub: 'admin', exp: inOneHour }), signature].join('.');
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when it is signed with the public key as a shared secret', async () => {
      const { kid } = currentKey(ring);
      const [publicKey] = (await jwks(ring)).keys;
      const pem = createPublicKey({ key: publicKey as JsonWebKey, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      const body = `${encoded({ alg: 'HS256', kid })}.${encoded({ sub: 'admin', exp: inOneHour })}`;
      const token = `${body}.${createHmac('sha256', pem).update(body).digest('base64url')}`;
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when it says that it needs no signature', async () => {
      const unsecured = new UnsecuredJWT({ sub: 'admin' }).setExpirationTime(inOneHour).encode();
      const named = `${encoded({ alg: 'none', kid: currentKey(ring).kid })}.${unsecured.split('.')[1]}.`;
      await expect(verifyToken(ring, unsecured, { now })).rejects.toThrow(TokenInvalidError);
      await expect(verifyToken(ring, named, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when another algorithm made it with a key of that id', async () => {
      const other = jwtRing(algorithm === 'EdDSA' ? 'ES256' : 'EdDSA');
      const token = await forged(other, { kid: currentKey(ring).kid }, { exp: inOneHour });
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when another key made it under the id of one of ours', async () => {
      const token = await forged(jwtRing(algorithm), { kid: currentKey(ring).kid }, { exp: inOneHour });
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when it names one of our keys and another one of ours made it', async () => {
      const token = await forged(ring, { kid: kids(ring).next[0] }, { exp: inOneHour });
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when it brings its own key along', async () => {
      const stranger = jwtRing(algorithm);
      const [jwk] = (await jwks(stranger)).keys;
      const token = await forged(stranger, { kid: currentKey(ring).kid, jwk }, { exp: inOneHour });
      await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
    });

    it('when it never expires', async () => {
      await expect(verifyToken(ring, await forged(ring, {}, { sub: 'me' }), { now })).rejects.toThrow(
        TokenInvalidError,
      );
    });

    it('when it has expired, by more than clocks differ', async () => {
      const token = await signToken(ring, {}, HOUR);
      const options = { clockToleranceSeconds: 5 };
      await expect(verifyToken(ring, token, { ...options, now: at(3_604) })).resolves.toBeDefined();
      await expect(verifyToken(ring, token, { ...options, now: at(3_605) })).rejects.toThrow(
        TokenExpiredError,
      );
    });

    it('before its time', async () => {
      const token = await signToken(ring, {}, { ...HOUR, notBefore: at(60) });
      await expect(verifyToken(ring, token, { now: at(54) })).rejects.toThrow(TokenNotYetValidError);
      await expect(verifyToken(ring, token, { now: at(60) })).resolves.toBeDefined();
    });

    it('when it is meant for somebody else, or comes from somebody else', async () => {
      const token = await signToken(ring, {}, { ...HOUR, issuer: 'shop', audience: 'gateway' });
      await expect(verifyToken(ring, token, { now, audience: 'billing' })).rejects.toThrow(TokenInvalidError);
      await expect(verifyToken(ring, token, { now, issuer: 'blog' })).rejects.toThrow(TokenInvalidError);
      const { claims } = await verifyToken(ring, token, { now, issuer: 'shop', audience: 'gateway' });
      expect(claims).toMatchObject({ iss: 'shop', aud: 'gateway', iat: at(0).getTime() / 1000 });
    });

    it.each(['', 'a.b.c', 'not a token', '....', 'e30.e30.'])('when it is none: %j', async (text) => {
      await expect(verifyToken(ring, text, { now })).rejects.toThrow(TokenInvalidError);
    });

    it.each([undefined, '', 'a b', 'x'.repeat(65), '"\n', 7])(
      'when it names no possible key: %j',
      async (kid) => {
        const token = await forged(ring, { kid }, { exp: inOneHour }).catch(() => '');
        const [, claims, signature] = (await forged(ring, {}, { exp: inOneHour })).split('.');
        const handmade = [encoded({ alg: algorithm, kid }), claims, signature].join('.');
        await expect(verifyToken(ring, token, { now })).rejects.toThrow(TokenInvalidError);
        await expect(verifyToken(ring, handmade, { now })).rejects.toThrow(TokenInvalidError);
      },
    );
  });

  it('a token of a key that is not in the ring says which, so that a newer ring can be read', async () => {
    const stranger = jwtRing(algorithm);
    const error = await failureOf(async () =>
      verifyToken(ring, await signToken(stranger, {}, HOUR), { now: at(1) }),
    );
    expect(error).toBeInstanceOf(UnknownKeyError);
    expect(error).toMatchObject({ code: 'UnknownKeyError', kid: currentKey(stranger).kid });
  });

  it('no token is made that would outlive its key', async () => {
    for (const expiresInSeconds of [86_401, 0, -1, NaN, Infinity]) {
      await expect(signToken(ring, {}, { expiresInSeconds })).rejects.toThrow(TokenLifetimeError);
    }
    await expect(signToken(ring, {}, { expiresInSeconds: 86_400 })).resolves.toBeDefined();
  });

  it('claims cannot lengthen the life that was asked for', async () => {
    const token = await signToken(ring, { exp: inOneHour + 1e6, iat: 0 }, HOUR);
    const { claims } = await verifyToken(ring, token, { now: at(0) });
    expect(claims).toMatchObject({ exp: inOneHour, iat: at(0).getTime() / 1000 });
  });

  it('tokens of the current key verify with the ring before and the ring after', async () => {
    const after = turned(ring, 3_600);
    const old = await signToken(ring, { sub: 'a' }, HOUR);
    const fresh = await signToken(after, { sub: 'b' }, { ...HOUR, now: at(3_600) });
    await expect(verifyToken(after, old, { now: at(3_599) })).resolves.toMatchObject({
      claims: { sub: 'a' },
    });
    await expect(verifyToken(() => ring, fresh, { now: at(3_601) })).resolves.toMatchObject({
      claims: { sub: 'b' },
    });
  });

  describe('the published key set', () => {
    it('holds next, current and previous keys and nothing private', async () => {
      const whole = turned(ring, 3_600);
      const { keys } = await jwks(whole);
      expect(keys.map(({ kid }) => kid)).toEqual(whole.keys.map(({ kid }) => kid));
      expect(keys).toHaveLength(3);
      const allowed = ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'];
      for (const key of keys) expect(Object.keys(key).filter((name) => !allowed.includes(name))).toEqual([]);
      for (const secret of secretsOf(whole)) expect(JSON.stringify(keys)).not.toContain(secret);
    });

    it('verifies our tokens for who has nothing else', async () => {
      const token = await signToken(ring, { sub: 'me' }, HOUR);
      const { payload } = await jwtVerify(token, createLocalJWKSet(await jwks(ring)), { currentDate: at(1) });
      expect(payload.sub).toBe('me');
    });

    it('verifies them with OpenSSL alone', async () => {
      const [header, claims, signature = ''] = (await signToken(ring, {}, HOUR)).split('.');
      const [jwk] = (await jwks(ring)).keys;
      const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
      const bytes = Buffer.from(signature, 'base64url');
      const text = `${header}.${claims}`;
      const good =
        algorithm === 'EdDSA'
          ? verify(null, Buffer.from(text), key, bytes)
          : createVerify('sha256').update(text).verify({ key, dsaEncoding: 'ieee-p1363' }, bytes);
      expect(good).toBe(true);
    });
  });

  it('no refusal holds a key, a token or a claim', async () => {
    const token = await signToken(ring, { sub: 'patient-4711' }, { ...HOUR, audience: 'gateway' });
    const refusals = await Promise.all([
      failureOf(() => verifyToken(ring, token, { now: at(9_999) })),
      failureOf(() => verifyToken(ring, token, { now: at(1), audience: 'billing' })),
      failureOf(() => verifyToken(ring, `${token}x`, { now: at(1) })),
      failureOf(() => verifyToken(jwtRing(algorithm), token, { now: at(1) })),
      failureOf(() => signToken(ring, { sub: 'patient-4711' }, { expiresInSeconds: 1e9 })),
    ]);
    for (const error of refusals) {
      const said = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
      for (const secret of [...secretsOf(ring), token, 'patient-4711']) expect(said).not.toContain(secret);
    }
  });
});

describe('a verifier that may look for a newer ring', () => {
  const old = jwtRing();
  const newer = jwtRing();

  function source(before: JwtKeyRing, after: JwtKeyRing) {
    const seen = { refreshes: 0 };
    let ring = before;
    const get = () => Promise.resolve(ring);
    const refresh = () => {
      seen.refreshes += 1;
      ring = after;
      return Promise.resolve(ring);
    };
    return { seen, get, refresh };
  }

  const now = at(1);

  it('looks once when a token names an unknown key', async () => {
    const rings = source(old, newer);
    const check = verifyWithRefresh(rings);
    const token = await signToken(newer, {}, HOUR);
    await expect(check(token, { now })).resolves.toMatchObject({ kid: currentKey(newer).kid });
    expect(rings.seen.refreshes).toBe(1);
  });

  it('does not look for a token that is refused for another reason', async () => {
    const rings = source(old, newer);
    const token = await signToken(old, {}, HOUR);
    await expect(verifyWithRefresh(rings)(token, { now: at(9_999) })).rejects.toThrow(TokenExpiredError);
    expect(rings.seen.refreshes).toBe(0);
  });

  it('looks once for a crowd, and not again within half a minute, whatever it is sent', async () => {
    const rings = source(old, old);
    let clock = 0;
    const check = verifyWithRefresh(rings, { clock: () => clock });
    const token = await signToken(newer, {}, HOUR);
    const crowd = await Promise.allSettled(Array.from({ length: 50 }, () => check(token, { now })));
    expect(crowd.every(({ status }) => status === 'rejected')).toBe(true);
    clock = 29_999;
    await expect(check(token, { now })).rejects.toThrow(UnknownKeyError);
    expect(rings.seen.refreshes).toBe(1);
    clock = 30_000;
    await expect(check(token, { now })).rejects.toThrow(UnknownKeyError);
    expect(rings.seen.refreshes).toBe(2);
  });

  it('lets the whole crowd in when the newer ring knows the key', async () => {
    const rings = source(old, newer);
    const check = verifyWithRefresh(rings);
    const token = await signToken(newer, {}, HOUR);
    const crowd = await Promise.all(Array.from({ length: 50 }, () => check(token, { now })));
    expect(crowd).toHaveLength(50);
    expect(rings.seen.refreshes).toBe(1);
  });

  it('says what Secrets Manager said when it can not look', async () => {
    const check = verifyWithRefresh({
      get: () => Promise.resolve(old),
      refresh: () => Promise.reject(new Error('throttled')),
    });
    await expect(check(await signToken(newer, {}, HOUR), { now })).rejects.toThrow('throttled');
  });
});
