import { sendToCache, type CacheEndpoint, type CacheLogin } from '../../shared/cache-commands';
import { GoLiveError, saidBy } from '../../shared/errors';

export type { CacheEndpoint } from '../../shared/cache-commands';

/** The cache could not be reached, or refused a user. Never says the password. */
export class CacheLoginError extends GoLiveError {
  readonly code = 'CacheLoginError';
  override readonly retryable = true;
}

/**
 * Proves over verified TLS that a cache accepts a user's password and answers it.
 *
 * @throws CacheLoginError
 */
export async function logIntoCache(
  endpoint: CacheEndpoint,
  { username, password }: CacheLogin,
): Promise<void> {
  try {
    const [reply] = await sendToCache(endpoint, { username, password }, [['PING']]);
    if (reply !== 'PONG') throw new Error(reply);
  } catch (error) {
    throw new CacheLoginError(
      `${endpoint.host}:${endpoint.port} did not let cache user "${username}" in: ${saidBy(error)}; see that the user is active in the cache's user group and that the cache's security group lets this function in`,
      { cause: error },
    );
  }
}
