import {
  decrypt,
  encrypt,
  jwks,
  signToken,
  UnknownKeyError,
  verifyWithRefresh,
  type CipherContext,
  type DataKeyRing,
  type JsonWebKeySet,
  type JwtKeyRing,
  type SignOptions,
  type VerifiedToken,
  type VerifyOptions,
} from '../key-ring';
import type { SecretsClient } from './secrets-client';

export interface RingOptions<N extends string, S> {
  readonly client: SecretsClient<S>;
  /** The client's name of the secret that holds the ring. */
  readonly name: N;
  /**
   * The shortest time between two looks for a newer ring because of an unknown key. Anybody can send a made-up one.
   * @default 30
   */
  readonly minimumRefreshSeconds?: number;
  /** Milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Signs and verifies with the ring as it rotates. */
export interface TokenKeys {
  /** @throws TokenLifetimeError, SecretUnavailableError, SecretInvalidError */
  sign(claims: Readonly<Record<string, unknown>>, options: SignOptions): Promise<string>;
  /**
   * @throws UnknownKeyError, TokenExpiredError, TokenNotYetValidError, TokenInvalidError, SecretUnavailableError,
   *   SecretInvalidError
   */
  verify(token: string, options?: VerifyOptions): Promise<VerifiedToken>;
  /** The public keys, for who verifies elsewhere. */
  jwks(): Promise<JsonWebKeySet>;
}

/** Encrypts and decrypts with the ring as it rotates. */
export interface DataKeys {
  /** @throws CipherInputError, SecretUnavailableError, SecretInvalidError */
  encrypt(plaintext: string, context: CipherContext): Promise<string>;
  /**
   * @throws UnknownKeyError, CiphertextRefusedError, CiphertextMalformedError, CipherInputError,
   *   SecretUnavailableError, SecretInvalidError
   */
  decrypt(text: string, context: CipherContext): Promise<string>;
}

/** For a secret whose schema is `JwtKeyRing`. */
export function tokenKeys<N extends string, S extends Readonly<Record<N, JwtKeyRing>>>(
  options: RingOptions<N, S>,
): TokenKeys {
  const { client, name, minimumRefreshSeconds, now } = options;
  const get = async (): Promise<JwtKeyRing> => (await client.get(name)).reveal();
  const refresh = async (): Promise<JwtKeyRing> => (await client.refresh(name)).reveal();
  const verify = verifyWithRefresh(
    // When there is no newer ring to be had, the key stays unknown, and the token is refused for that.
    { get, refresh: () => refresh().catch(get) },
    { ...(minimumRefreshSeconds !== undefined && { minimumRefreshSeconds }), ...(now && { clock: now }) },
  );
  return {
    sign: async (claims, settings) => await signToken(await get(), claims, settings),
    verify,
    jwks: async () => await jwks(await get()),
  };
}

/** For a secret whose schema is `DataKeyRing`. */
export function dataKeys<N extends string, S extends Readonly<Record<N, DataKeyRing>>>(
  options: RingOptions<N, S>,
): DataKeys {
  const { client, name, minimumRefreshSeconds = 30, now = Date.now } = options;
  const get = async (): Promise<DataKeyRing> => (await client.get(name)).reveal();
  let lookedAt = -Infinity;
  let looking: Promise<unknown> | undefined;
  /** Shared, and seldom; afterwards `get` gives the newest ring that there is. */
  const look = async (): Promise<void> => {
    if (!looking && now() - lookedAt >= minimumRefreshSeconds * 1000) {
      lookedAt = now();
      looking = client.refresh(name).finally(() => {
        looking = undefined;
      });
    }
    await looking?.catch(() => undefined);
  };
  return {
    encrypt: async (plaintext, context) => encrypt(await get(), plaintext, context),
    decrypt: async (text, context) => {
      const ring = await get();
      try {
        return decrypt(ring, text, context);
      } catch (error) {
        if (!(error instanceof UnknownKeyError)) throw error;
        await look();
        return decrypt(await get(), text, context);
      }
    },
  };
}
