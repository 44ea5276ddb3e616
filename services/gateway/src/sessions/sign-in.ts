import { createHash } from 'node:crypto';
import type { Cache } from '../cache/cache';
import type { Database } from '../database/database';
import { refuseExceeded } from '../http/limit-headers';
import { ProblemError } from '../http/problem';
import { Limiter, type LimitPolicy, type LimitState } from '../limits/limiter';
import {
  hashPassword,
  isOutdated,
  PASSWORD_COST,
  verifyPassword,
  type PasswordCost,
} from '../users/password';
import { PasswordWork } from '../users/password-work';

/**
 * Guessing is what these are against. One address may fail a few times at one account; at many accounts, and
 * many addresses at one account, a little more often, so that nobody can lock another out by some wrong guesses.
 */
export const SIGN_IN_LIMITS = {
  account: { name: 'sign-in', points: 10, seconds: 900 },
  address: { name: 'sign-in-address', points: 100, seconds: 900 },
  everywhere: { name: 'sign-in-account', points: 100, seconds: 3600 },
} as const satisfies Readonly<Record<string, LimitPolicy>>;

export interface SignInOptions {
  readonly database: Pick<Database, 'user'>;
  readonly cache: Cache;
  readonly cost?: PasswordCost;
  readonly limits?: Readonly<Record<keyof typeof SIGN_IN_LIMITS, LimitPolicy>>;
  readonly onExceeded?: (policy: string) => void;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Where they come from. */
  readonly address: string;
}

export interface KnownUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** Says whose address and password these are. */
export class SignIn {
  readonly #work = new PasswordWork();
  readonly #limiters: Readonly<Record<keyof typeof SIGN_IN_LIMITS, Limiter>>;
  readonly #cost: PasswordCost;
  #nobodys: Promise<string> | undefined;

  constructor(private readonly options: SignInOptions) {
    const { cache, limits = SIGN_IN_LIMITS, cost = PASSWORD_COST, onExceeded } = options;
    this.#cost = cost;
    this.#limiters = {
      account: new Limiter(limits.account, cache, onExceeded),
      address: new Limiter(limits.address, cache, onExceeded),
      everywhere: new Limiter(limits.everywhere, cache, onExceeded),
    };
  }

  /**
   * @param onLimits is told what is left of each limit, whatever comes of it
   * @throws ProblemError: it is the same, and takes as long, whether there is such an account or not
   */
  async check(
    { email, password, address }: Credentials,
    onLimits: (states: readonly LimitState[]) => void,
  ): Promise<KnownUser> {
    const account = createHash('sha256').update(email).digest('hex').slice(0, 32);
    const pair = `${account}:${address}`;
    // Counted before the password is looked at: many guesses at once are still many.
    const states = await Promise.all([
      this.#limiters.account.take(pair),
      this.#limiters.address.take(address),
      this.#limiters.everywhere.take(account),
    ]);
    onLimits(states);
    refuseExceeded(states);
    const user = await this.options.database.user.findUnique({ where: { email } });
    const hash = user?.passwordHash ?? (await this.#hashOfNobody());
    const isRight = await this.#work.run(() => verifyPassword(password, hash));
    if (!user || !isRight) {
      throw new ProblemError('wrong-credentials', 'No account has this address and this password.');
    }
    await this.#limiters.account.forgive(pair);
    if (isOutdated(hash, this.#cost)) await this.#renew(user.id, hash, password);
    return { id: user.id, email: user.email, name: user.name };
  }

  async #renew(id: string, hash: string, password: string): Promise<void> {
    const passwordHash = await this.#work.run(() => hashPassword(password, this.#cost));
    // Unless it was changed meanwhile.
    await this.options.database.user.updateMany({
      where: { id, passwordHash: hash },
      data: { passwordHash },
    });
  }

  #hashOfNobody(): Promise<string> {
    return (this.#nobodys ??= hashPassword('nobody has this password', this.#cost));
  }
}
