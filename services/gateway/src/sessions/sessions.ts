import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { TokenKeys } from '../../../../core/secrets/client';
import {
  TokenExpiredError,
  TokenInvalidError,
  TokenNotYetValidError,
  UnknownKeyError,
} from '../../../../core/secrets/key-ring';
import type { CachedReads } from '../cache/cached-reads';
import type { Database } from '../database/database';
import { ProblemError } from '../http/problem';

/** Who makes a request. */
export interface SignedIn {
  readonly userId: string;
  readonly sessionId: string;
}

/** What is kept of a session that is neither revoked nor over. */
export const OpenSession = z.object({ userId: z.uuid(), expiresAt: z.number() });
export type OpenSession = z.output<typeof OpenSession>;

export interface SessionsOptions {
  readonly database: Pick<Database, 'session' | '$transaction'>;
  readonly tokens: Pick<TokenKeys, 'sign' | 'verify'>;
  readonly cached: Pick<CachedReads<OpenSession>, 'read' | 'forget'>;
  /** In the token, so that one of another environment is none of ours. */
  readonly issuer: string;
  readonly seconds: number;
  /** @default the machine's clock */
  readonly now?: () => Date;
}

export const AUDIENCE = 'golive-api';

const Claims = z.object({ sub: z.uuid(), jti: z.uuid() });

/**
 * Signing in and out. A token says whose it is; the database says whether it was revoked, with a short-lived copy in the
 * cache. Without the cache each request asks the database. So a sign-out holds at once for every task, and only where
 * the cache was away from the task that signed out, and not from another, does that one learn of it later: within the
 * life of a copy.
 */
export class Sessions {
  readonly #now: () => Date;

  constructor(private readonly options: SessionsOptions) {
    this.#now = options.now ?? (() => new Date());
  }

  /** @throws what the database or the key ring throws */
  async open(userId: string): Promise<{ token: string; expiresAt: Date }> {
    const { database, tokens, issuer, seconds } = this.options;
    const now = this.#now();
    const expiresAt = new Date((Math.floor(now.getTime() / 1000) + seconds) * 1000);
    const id = randomUUID();
    // The user's own old ones go with it: nothing else ever looks at them again.
    await database.$transaction([
      database.session.deleteMany({ where: { userId, expiresAt: { lt: now } } }),
      database.session.create({ data: { id, userId, expiresAt } }),
    ]);
    const token = await tokens.sign(
      { sub: userId, jti: id },
      { expiresInSeconds: seconds, issuer, audience: AUDIENCE, now },
    );
    return { token, expiresAt };
  }

  /** @throws ProblemError when the token is not good, or no longer */
  async check(token: string): Promise<SignedIn> {
    const { sub: userId, jti: sessionId } = await this.#claimsOf(token);
    const session = await this.options.cached.read(sessionId, () => this.#load(sessionId));
    if (session?.userId !== userId || session.expiresAt <= this.#now().getTime()) {
      throw notSignedIn('The token is not valid any more; sign in again.');
    }
    return { userId, sessionId };
  }

  /** The token works nowhere from now on. */
  async close({ sessionId }: Pick<SignedIn, 'sessionId'>): Promise<void> {
    await this.options.database.session.updateMany({
      where: { id: sessionId, revokedAt: null },
      data: { revokedAt: this.#now() },
    });
    await this.options.cached.forget(sessionId);
  }

  async #load(id: string): Promise<OpenSession | undefined> {
    const session = await this.options.database.session.findUnique({ where: { id } });
    if (!session || session.revokedAt) return undefined;
    return { userId: session.userId, expiresAt: session.expiresAt.getTime() };
  }

  async #claimsOf(token: string): Promise<z.output<typeof Claims>> {
    const { tokens, issuer } = this.options;
    try {
      const { claims } = await tokens.verify(token, { issuer, audience: AUDIENCE });
      const parsed = Claims.safeParse(claims);
      if (parsed.success) return parsed.data;
    } catch (error) {
      if (error instanceof TokenExpiredError) {
        throw notSignedIn('The token has expired; sign in again.', error);
      }
      if (!REFUSALS.some((refusal) => error instanceof refusal)) throw error;
      throw notSignedIn('The token is not one of ours; sign in.', error);
    }
    throw notSignedIn('The token is not one of ours; sign in.');
  }
}

const REFUSALS = [TokenInvalidError, TokenNotYetValidError, UnknownKeyError] as const;

/** https://www.rfc-editor.org/rfc/rfc6750#section-3 */
export function notSignedIn(detail: string, cause?: unknown): ProblemError {
  const error = cause === undefined ? '' : ', error="invalid_token"';
  return new ProblemError('not-signed-in', detail, {
    headers: { 'www-authenticate': `Bearer realm="golive"${error}` },
    ...(cause !== undefined && { cause }),
  });
}
