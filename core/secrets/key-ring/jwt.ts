import { errors, exportJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from 'jose';
import {
  TokenExpiredError,
  TokenInvalidError,
  TokenLifetimeError,
  TokenNotYetValidError,
  UnknownKeyError,
} from './errors';
import { privateKeyOf, publicKeyOf } from './key-material';
import { currentKey, KEY_ID, keyOf, type JwtKeyRing } from './ring';

export interface SignOptions {
  /** From now; at most the ring's `maxTokenSeconds`. */
  readonly expiresInSeconds: number;
  /** Before that moment nobody takes the token. @default at once */
  readonly notBefore?: Date;
  readonly issuer?: string;
  readonly audience?: string | string[];
  /** @default the clock */
  readonly now?: Date;
}

export interface VerifyOptions {
  /** @default any issuer */
  readonly issuer?: string;
  /** One of them must be in the token. @default any audience */
  readonly audience?: string | string[];
  /** How far the clocks of who signs and who verifies may differ. @default 5 */
  readonly clockToleranceSeconds?: number;
  /** @default the clock */
  readonly now?: Date;
}

export interface VerifiedToken {
  readonly claims: JWTPayload;
  /** The key that signed it. */
  readonly kid: string;
}

/** The ring, or where to get it. */
export type RingInHand = JwtKeyRing | (() => JwtKeyRing | Promise<JwtKeyRing>);

/** A JWK Set (RFC 7517 §5) of public keys. */
export interface JsonWebKeySet {
  readonly keys: JWK[];
}

/**
 * Signs with the ring's current key.
 *
 * @param claims registered claims that `options` sets win over those given here
 * @throws TokenLifetimeError
 */
export async function signToken(
  ring: JwtKeyRing,
  claims: Readonly<Record<string, unknown>>,
  options: SignOptions,
): Promise<string> {
  const { expiresInSeconds, notBefore, issuer, audience, now = new Date() } = options;
  if (!(expiresInSeconds > 0 && expiresInSeconds <= ring.maxTokenSeconds)) {
    throw new TokenLifetimeError(
      `a token of ${expiresInSeconds} s was asked for, but the key ring keeps keys for tokens of up to ${ring.maxTokenSeconds} s; ask for less, or raise maxTokenSeconds in the environment's configuration and rotate`,
    );
  }
  const { kid, material } = currentKey(ring);
  const issuedAt = Math.floor(now.getTime() / 1000);
  const token = new SignJWT({ ...claims })
    .setProtectedHeader({ alg: ring.algorithm, kid, typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.floor(expiresInSeconds));
  if (notBefore) token.setNotBefore(notBefore);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(privateKeyOf(material));
}

/**
 * Takes a token that any key of the ring signed, also the next one: who signed may have a newer ring.
 *
 * @throws UnknownKeyError when the ring does not hold the key: one look at a newer ring may help
 * @throws TokenExpiredError, TokenNotYetValidError, TokenInvalidError
 */
export async function verifyToken(
  ringInHand: RingInHand,
  token: string,
  options: VerifyOptions = {},
): Promise<VerifiedToken> {
  const ring = typeof ringInHand === 'function' ? await ringInHand() : ringInHand;
  const { issuer, audience, clockToleranceSeconds = 5, now } = options;
  let kid = '';
  try {
    const { payload } = await jwtVerify(
      token,
      (header) => {
        const key = keyNamedBy(header.kid, ring);
        ({ kid } = key);
        return publicKeyOf(key.material);
      },
      {
        // The ring says the algorithm, never the token.
        algorithms: [ring.algorithm],
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceSeconds,
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
        ...(now !== undefined && { currentDate: now }),
      },
    );
    return { claims: payload, kid };
  } catch (error) {
    throw namedError(error);
  }
}

/** Where a verifier gets its ring. */
export interface RingSource {
  /** The ring in hand, perhaps some minutes old. */
  get(): Promise<JwtKeyRing>;
  /** The ring as it is now. */
  refresh(): Promise<JwtKeyRing>;
}

/**
 * A `verifyToken` that looks for a newer ring when a token names an unknown key. Anybody can make up key ids, so it
 * looks at most once in `minimumRefreshSeconds`, whatever it is sent.
 *
 * @param settings `minimumRefreshSeconds` defaults to 30
 */
export function verifyWithRefresh(
  source: RingSource,
  settings: { readonly minimumRefreshSeconds?: number; readonly clock?: () => number } = {},
): (token: string, options?: VerifyOptions) => Promise<VerifiedToken> {
  const { minimumRefreshSeconds = 30, clock = Date.now } = settings;
  let refreshedAt = -Infinity;
  let refreshing: Promise<JwtKeyRing> | undefined;
  // Whoever comes while somebody else is looking waits for the same answer.
  const newerRing = (): Promise<JwtKeyRing> | undefined => {
    if (refreshing) return refreshing;
    if (clock() - refreshedAt < minimumRefreshSeconds * 1000) return undefined;
    refreshedAt = clock();
    refreshing = source.refresh().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  return async (token, options) => {
    const ring = await source.get();
    try {
      return await verifyToken(ring, token, options);
    } catch (error) {
      if (!(error instanceof UnknownKeyError)) throw error;
      const newer = await newerRing();
      // Another request may have put a newer ring in hand since this one took its own.
      return await verifyToken(newer ?? (await source.get()), token, options);
    }
  };
}

/**
 * The public keys of the ring, to be served to who verifies elsewhere: next, current and previous ones. Whoever caches
 * it for longer than the policy's `cacheSeconds` meets keys that he does not know, so send `Cache-Control` with less.
 */
export async function jwks(ring: JwtKeyRing): Promise<JsonWebKeySet> {
  const keys = ring.keys.map(async ({ kid, material }) => ({
    ...(await exportJWK(publicKeyOf(material))),
    kid,
    alg: ring.algorithm,
    use: 'sig',
  }));
  return { keys: await Promise.all(keys) };
}

function keyNamedBy(kid: unknown, ring: JwtKeyRing) {
  // What is no key id is not worth a look at a newer ring, nor fit for a log.
  if (typeof kid !== 'string' || !KEY_ID.test(kid)) {
    throw new TokenInvalidError('the token names no key that could be ours; refuse the request');
  }
  const key = keyOf(ring, kid);
  if (key) return key;
  throw new UnknownKeyError(
    kid,
    `the token names key ${kid}, which is not in the key ring; read the ring anew once, then refuse the request`,
  );
}

/** Jose's words name claims and algorithms; its errors carry the claims themselves, so none is passed on as a cause. */
function namedError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new TokenExpiredError('the token has expired; let the client ask for a new one');
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') {
    return new TokenNotYetValidError(
      'the token is not valid yet; if it should be, compare the clocks of who signs and who verifies',
    );
  }
  if (error instanceof errors.JOSEError) {
    return new TokenInvalidError(`the token is refused (${error.code}); refuse the request`);
  }
  return error;
}
