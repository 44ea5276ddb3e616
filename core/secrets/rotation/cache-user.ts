import { setTimeout as delay } from 'node:timers/promises';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { CacheUserNotReadyError, RotationUserMismatchError } from './errors';
import { newPassword, type PasswordRules } from './password';
import type { RotationStrategy } from './strategy';

/** What ElastiCache does for its users, and all that a rotation needs of it. */
export interface CacheUsers {
  describe(userId: string): Promise<CacheUserState>;
  /** Replaces all passwords: at most two. */
  setPasswords(userId: string, passwords: readonly string[]): Promise<void>;
}

export interface CacheUserState {
  readonly userName: string;
  /** `active`, `modifying` or `deleting` */
  readonly status: string;
  readonly passwordCount: number;
}

export interface CacheUserOptions {
  readonly secretsManager: SecretsManagerClient;
  readonly users: CacheUsers;
  /** ElastiCache's id of the user, not its name. */
  readonly userId: string;
  /**
   * Proves that the cache lets a user in, such as `logIntoCache`.
   * @default - the user's state and count of passwords are taken for it, where the function cannot reach the cache
   */
  readonly login?: ((secret: CacheUserSecret) => Promise<void>) | undefined;
  /** ElastiCache takes 16 to 128 characters. @default 64 letters and digits */
  readonly passwords?: PasswordRules | undefined;
  /** How long a change of the user may take, milliseconds. Must fit into the function's own time. @default 600000 */
  readonly activeWithinMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Waits between looks at the user. @default - the machine's timer */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/** The secret of a cache user. What else it holds is kept. */
export const CacheUserSecret = z.looseObject({
  username: z.string().min(1),
  password: z.string().min(16).max(128),
});

export type CacheUserSecret = z.output<typeof CacheUserSecret>;

const PASSWORDS: PasswordRules = { length: 64, excludePunctuation: true };
const MAXIMUM_CHARACTERS = 128;
const ACTIVE_WITHIN_MS = 600_000;
const LOOK_EVERY_MS = 5_000;

/**
 * One user of the cache with two passwords at once: the pending one comes beside the current one and takes the place
 * of the previous one. So the password that was current before stays until the next rotation, as does everybody's
 * connection.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/User-Secrets-Manager.html
 */
export function cacheUser(options: CacheUserOptions): RotationStrategy<CacheUserSecret> {
  const { secretsManager, users, userId, passwords = PASSWORDS } = options;
  if ((passwords.length ?? 32) > MAXIMUM_CHARACTERS) {
    throw new RangeError(
      `passwords of a cache user have 16 to ${MAXIMUM_CHARACTERS} characters; shorten them`,
    );
  }
  return {
    schema: CacheUserSecret,
    create: async ({ current }) => ({ ...current, password: await newPassword(secretsManager, passwords) }),
    set: async ({ current, pending }) => {
      await untilActive(options, current.username);
      // Again after a lost answer: the same two passwords are the same change.
      await users.setPasswords(userId, [pending.password, current.password]);
      await untilActive(options, current.username);
    },
    test: async ({ current, pending }) => {
      if (pending.username !== current.username) {
        throw new RotationUserMismatchError(
          `AWSPENDING is of "${pending.username}" and AWSCURRENT of "${current.username}"; take the label AWSPENDING off its version with UpdateSecretVersionStage, then rotate again`,
        );
      }
      const { passwordCount } = await untilActive(options, current.username);
      if (passwordCount !== 2) {
        throw new CacheUserNotReadyError(
          `cache user ${userId} has ${passwordCount} of the two passwords that it should; see who else changes it, and rotate again`,
        );
      }
      await options.login?.(pending);
      await options.login?.(current);
    },
  };
}

/** @throws CacheUserNotReadyError, RotationUserMismatchError */
async function untilActive(options: CacheUserOptions, userName: string): Promise<CacheUserState> {
  const { users, userId, activeWithinMs = ACTIVE_WITHIN_MS, signal } = options;
  const { wait = (milliseconds) => delay(milliseconds, undefined, { signal }) } = options;
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    signal?.throwIfAborted();
    const state = await users.describe(userId);
    if (state.userName !== userName) {
      throw new RotationUserMismatchError(
        `the secret is of "${userName}" and cache user ${userId} is called "${state.userName}"; correct "username" in the secret`,
      );
    }
    if (state.status === 'active') return state;
    if (waitedMs >= activeWithinMs) {
      throw new CacheUserNotReadyError(
        `cache user ${userId} is still ${state.status} after ${waitedMs / 1000} s; see what holds it up in ElastiCache's events, and rotate again`,
      );
    }
    await wait(LOOK_EVERY_MS);
  }
}
