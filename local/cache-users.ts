import { createHash } from 'node:crypto';

/** What the template says of a user of the cache. */
export interface CacheUserSettings {
  readonly userId: string;
  /** What a client logs in as; not the id. */
  readonly userName: string;
  readonly engine: string;
  readonly accessString: string;
}

/** A user as ElastiCache tells of it: no password. */
export interface CacheUser extends CacheUserSettings {
  readonly status: 'active' | 'modifying';
  readonly passwordCount: number;
}

/** ElastiCache's codes; `NotPlayedHere` is ours, for what ElastiCache would do and this machine does not. */
export type CacheRefusal =
  | 'InvalidParameterCombination'
  | 'InvalidParameterValue'
  | 'InvalidUserState'
  | 'NotPlayedHere'
  | 'UserAlreadyExists'
  | 'UserNotFound';

/** A refusal in ElastiCache's words. Never holds a password. */
export class CacheUserRefusedError extends Error {
  constructor(
    readonly code: CacheRefusal,
    message: string,
  ) {
    super(message);
    this.name = code;
  }
}

export interface CacheUsersOptions {
  /** How long a change of a user takes. Real ones take seconds to minutes. @default 1000 */
  readonly changeMilliseconds?: number;
  /** Milliseconds since 1970. @default the machine's clock */
  readonly now?: () => number;
}

type Hashes = ReadonlySet<string>;

interface KeptUser {
  readonly settings: CacheUserSettings;
  accepted: Hashes;
  change?: { readonly accepted: Hashes; readonly doneAt: number } | undefined;
}

const MAXIMUM_PASSWORDS = 2;
const CHANGE_MS = 1_000;

/**
 * Stands in for the users of ElastiCache, which the emulator cannot change: up to two passwords each, of which it keeps
 * hashes only, as Valkey does. A change leaves the user `modifying` for a while. Until that is over the old passwords
 * are accepted and the new ones are not: who does not wait is found out.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
 */
export class LocalCacheUsers {
  private readonly users = new Map<string, KeptUser>();
  private readonly changeMilliseconds: number;
  private readonly now: () => number;

  constructor({ changeMilliseconds = CHANGE_MS, now = Date.now }: CacheUsersOptions = {}) {
    this.changeMilliseconds = changeMilliseconds;
    this.now = now;
  }

  /** @throws CacheUserRefusedError */
  create(settings: CacheUserSettings, passwords: readonly string[]): void {
    const { userId } = settings;
    if (this.users.has(userId))
      throw new CacheUserRefusedError('UserAlreadyExists', `User ${userId} already exists.`);
    this.users.set(userId, { settings, accepted: hashesOf(passwords) });
  }

  /** All of them, or the one. @throws CacheUserRefusedError */
  describe(userId?: string): CacheUser[] {
    const asked = userId === undefined ? [...this.users.values()] : [this.find(userId)];
    return asked.map((user) => {
      this.settle(user);
      return {
        ...user.settings,
        status: user.change ? 'modifying' : 'active',
        passwordCount: (user.change ?? user).accepted.size,
      };
    });
  }

  /** Replaces all passwords, in a while. @throws CacheUserRefusedError */
  setPasswords(userId: string, passwords: readonly string[]): CacheUser {
    const user = this.find(userId);
    const accepted = hashesOf(passwords);
    this.settle(user);
    if (user.change) {
      throw new CacheUserRefusedError(
        'InvalidUserState',
        `User ${userId} has status modifying. Only active users can be modified.`,
      );
    }
    user.change = { accepted, doneAt: this.now() + this.changeMilliseconds };
    return this.describe(userId)[0]!;
  }

  /** Whether a cache would let in who comes with this name and this password now. */
  accepts(userName: string, password: string): boolean {
    return [...this.users.values()].some((user) => {
      this.settle(user);
      return user.settings.userName === userName && user.accepted.has(hashOf(password));
    });
  }

  private find(userId: string): KeptUser {
    const user = this.users.get(userId);
    if (!user) throw new CacheUserRefusedError('UserNotFound', `User ${userId} not found.`);
    return user;
  }

  private settle(user: KeptUser): void {
    if (!user.change || this.now() < user.change.doneAt) return;
    user.accepted = user.change.accepted;
    user.change = undefined;
  }
}

function hashesOf(passwords: readonly string[]): Hashes {
  if (passwords.length < 1 || passwords.length > MAXIMUM_PASSWORDS) {
    throw new CacheUserRefusedError(
      'InvalidParameterValue',
      `A user has one or ${MAXIMUM_PASSWORDS} passwords, and not ${passwords.length}.`,
    );
  }
  if (passwords.some(({ length }) => length < 16 || length > 128)) {
    throw new CacheUserRefusedError(
      'InvalidParameterValue',
      'Passwords length must be between 16-128 characters.',
    );
  }
  return new Set(passwords.map(hashOf));
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}
