import * as z from 'zod';
import { WholeNumber } from '../../shared/env';

/** What the rotation of the keys that sign tokens is told. */
export const RotateJwtEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  /** Of the ring, which keeps the one that it began with. */
  ALGORITHM: z.enum(['EdDSA', 'ES256']),
  /** A key signs once it has been published for as long as this. */
  PUBLISH_SECONDS: WholeNumber,
  /** The oldest ring that a service still uses. */
  CACHE_SECONDS: WholeNumber,
  /** The life of the longest-lived token: for that long a retired key still verifies. */
  MAX_TOKEN_SECONDS: WholeNumber,
});
