import * as z from 'zod';
import { KeyRingPolicyError } from './errors';

const Seconds = z.int().min(0);

/** How long keys live. Of data rings `maxTokenSeconds` says nothing, of jwt rings `backupSeconds` does not. */
export const KeyRingPolicy = z
  .strictObject({
    /** How long a key must have been readable as next before anything is made with it. */
    publishSeconds: Seconds.positive(),
    /** The oldest ring that anybody uses, with all that a client allows itself while Secrets Manager can't be reached. */
    cacheSeconds: Seconds,
    /** The longest life of a token. */
    maxTokenSeconds: Seconds.positive(),
    /** How long a backup may still be restored: it brings back the ciphertexts of its day. */
    backupSeconds: Seconds,
  })
  // Otherwise somebody meets a key in a token or a ciphertext before it stands in the ring that he still uses.
  .refine(({ publishSeconds, cacheSeconds }) => publishSeconds >= cacheSeconds, {
    path: ['publishSeconds'],
    message: 'must be at least cacheSeconds',
  });

export type KeyRingPolicy = z.output<typeof KeyRingPolicy>;

/**
 * Clients that refresh every five minutes and give up after an hour, tokens of a day, and backups of five weeks (RDS'
 * longest retention is 35 days). An environment that keeps dumps for longer must say so.
 */
export const DEFAULT_KEY_RING_POLICY: KeyRingPolicy = {
  publishSeconds: 2 * 3600,
  cacheSeconds: 3600,
  maxTokenSeconds: 86_400,
  backupSeconds: 36 * 86_400,
};

/** @throws KeyRingPolicyError */
export function refuseUnsafePolicy(policy: KeyRingPolicy): void {
  const parsed = KeyRingPolicy.safeParse(policy);
  if (parsed.success) return;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`);
  throw new KeyRingPolicyError(
    `the policy of the key ring is unsafe: ${problems.join('; ')}; correct it in the environment's configuration`,
  );
}
