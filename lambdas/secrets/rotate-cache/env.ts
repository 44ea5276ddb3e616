import * as z from 'zod';

/** What the rotation of the cache user's password is told. */
export const RotateCacheEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  /** ElastiCache's id of the user, which is not its name. */
  CACHE_USER_ID: z.string().min(1),
});
