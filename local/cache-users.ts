import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

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
  | 'UserGroupAlreadyExists'
  | 'UserGroupNotFound'
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

/** Where users really log in. */
export interface CacheServer {
  /** @param hashes SHA-256 of its passwords, in hexadecimal digits */
  setUserHashes(name: string, accessString: string, hashes: readonly string[]): Promise<void>;
}

export interface CacheUsersOptions {
  /** How long a change of a user takes. Real ones take seconds to minutes. @default 1000 */
  readonly changeMilliseconds?: number;
  /** Milliseconds since 1970. @default the machine's clock */
  readonly now?: () => number;
  /** Waits before a server is changed. @default the machine's timer */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** Told of a change that a server did not take: its user stays `modifying`. */
  readonly onFailure?: (error: unknown) => void;
}

type Hashes = ReadonlySet<string>;

interface KeptUser {
  readonly settings: CacheUserSettings;
  accepted: Hashes;
  change?: { readonly accepted: Hashes; readonly doneAt: number } | undefined;
  readonly servers: Set<CacheServer>;
}

const MAXIMUM_PASSWORDS = 2;
const CHANGE_MS = 1_000;

/**
 * Stands in for ElastiCache's users and groups, which the emulator cannot change: up to two passwords for each user, of
 * which it keeps hashes only, as Valkey does. A change leaves the user `modifying` for a while, and then reaches the
 * servers of its groups. Until that is over the old passwords are accepted and the new ones are not: who does not wait
 * is found out.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
 */
export class LocalCacheUsers {
  private readonly users = new Map<string, KeptUser>();
  private readonly groups = new Map<string, readonly string[]>();
  private readonly changeMilliseconds: number;
  private readonly now: () => number;
  private readonly wait: (milliseconds: number) => Promise<unknown>;
  private readonly onFailure: (error: unknown) => void;
  private isClosed = false;

  constructor(options: CacheUsersOptions = {}) {
    this.changeMilliseconds = options.changeMilliseconds ?? CHANGE_MS;
    this.now = options.now ?? Date.now;
    this.wait = options.wait ?? ((milliseconds) => delay(milliseconds, undefined, { ref: false }));
    this.onFailure = options.onFailure ?? (() => undefined);
  }

  /** @throws CacheUserRefusedError */
  create(settings: CacheUserSettings, passwords: readonly string[]): void {
    const { userId } = settings;
    if (this.users.has(userId))
      throw new CacheUserRefusedError('UserAlreadyExists', `User ${userId} already exists.`);
    this.users.set(userId, { settings, accepted: hashesOf(passwords), servers: new Set() });
  }

  /** @throws CacheUserRefusedError */
  createGroup(groupId: string, userIds: readonly string[]): void {
    if (this.groups.has(groupId))
      throw new CacheUserRefusedError('UserGroupAlreadyExists', `User group ${groupId} already exists.`);
    userIds.forEach((userId) => this.find(userId));
    this.groups.set(groupId, userIds);
  }

  /** Makes the users of these groups on a server, and from now on whatever changes of them. */
  async serve(groupIds: readonly string[], server: CacheServer): Promise<void> {
    for (const groupId of groupIds) {
      const userIds = this.groups.get(groupId);
      if (!userIds) throw new CacheUserRefusedError('UserGroupNotFound', `User group ${groupId} not found.`);
      for (const user of userIds.map((userId) => this.find(userId))) {
        this.settle(user);
        await tell(server, user, user.accepted);
        user.servers.add(server);
      }
    }
  }

  /** Changes no server any more. */
  close(): void {
    this.isClosed = true;
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
    if (user.servers.size > 0) void this.carryOut(user, accepted).catch(this.onFailure);
    return this.describe(userId)[0]!;
  }

  /** Whether a cache lets in, or would let in, who comes with this name and this password now. */
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

  private async carryOut(user: KeptUser, accepted: Hashes): Promise<void> {
    await this.wait(this.changeMilliseconds);
    if (this.isClosed) return;
    await Promise.all([...user.servers].map((server) => tell(server, user, accepted)));
    user.accepted = accepted;
    user.change = undefined;
  }

  /** Where a server has the last word, the change is over when the server has it. */
  private settle(user: KeptUser): void {
    if (!user.change || user.servers.size > 0 || this.now() < user.change.doneAt) return;
    user.accepted = user.change.accepted;
    user.change = undefined;
  }
}

async function tell(server: CacheServer, { settings }: KeptUser, accepted: Hashes): Promise<void> {
  await server.setUserHashes(settings.userName, settings.accessString, [...accepted]);
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
