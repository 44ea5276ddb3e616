import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { cacheUser } from '../../../core/secrets/rotation';
import { defineRotation } from '../../shared/define-rotation';
import { elastiCacheUsers } from './cache-users';
import { RotateCacheEnvironment } from './env';

const users = elastiCacheUsers(new ElastiCacheClient({}));

/** A step may wait for the user twice within Lambda's 15 minutes. */
const ACTIVE_WITHIN_MS = 6 * 60_000;

/** Rotates the password of the cache's user, who has the old one and the new one at once. */
export const handler = defineRotation({
  name: 'secrets/rotate-cache',
  environment: RotateCacheEnvironment,
  strategy: ({ secretsManager, environment, signal }) =>
    cacheUser({
      secretsManager,
      users,
      signal,
      userId: environment.CACHE_USER_ID,
      activeWithinMs: ACTIVE_WITHIN_MS,
    }),
  tryCurrent: async ({ environment }) => {
    await users.describe(environment.CACHE_USER_ID);
  },
});
