import type { RedisClientOptions } from 'redis';
import type { SecretsClient } from '../../../../core/secrets/client';
import type { CacheUserSecret } from '../../../../core/secrets/rotation/cache-user';

type CredentialsProvider = NonNullable<RedisClientOptions['credentialsProvider']>;

/** The login of each new connection, and what to do when it was refused. */
export interface CacheCredentials {
  readonly provider: CredentialsProvider;
  /** To be told of each error of the client. */
  onError(error: unknown): void;
}

/**
 * Reads the cache's user when a connection is made. After a refused login the next attempt asks Secrets Manager whether
 * there is a newer version: of the two passwords that ElastiCache takes, a copy may hold one that has gone.
 */
export function cacheCredentials<N extends string>(
  secrets: SecretsClient<Readonly<Record<N, CacheUserSecret>>>,
  name: N,
): CacheCredentials {
  let lastVersion: string | undefined;
  let refusedVersion: string | undefined;
  return {
    provider: {
      type: 'async-credentials-provider',
      credentials: async () => {
        const value =
          refusedVersion === undefined
            ? await secrets.get(name)
            : await secrets.refresh(name, { failedVersion: refusedVersion }).catch(() => secrets.get(name));
        lastVersion = value.version;
        const { username, password } = value.reveal();
        return { username, password };
      },
    },
    onError: (error) => {
      if (isRefusedLogin(error)) refusedVersion = lastVersion;
    },
  };
}

/** https://valkey.io/topics/acl/ */
function isRefusedLogin(error: unknown): boolean {
  return error instanceof Error && /^(WRONGPASS|NOAUTH)\b/.test(error.message);
}
