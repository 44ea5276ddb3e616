import type * as z from 'zod';

/** The versions of a secret that a step may see, parsed. */
export interface SecretVersions<S> {
  /** `AWSCURRENT`: what everybody uses now. */
  readonly current: S;
  /** `AWSPENDING`: what everybody is to use next. */
  readonly pending: S;
  /** `AWSPREVIOUS`, where there is one and where it can still be read. */
  readonly previous: S | undefined;
}

/**
 * What differs between kinds of secrets. The four steps around it, and what they guard against, are the same for all:
 * `runRotationStep`. Every part may be run again after it was killed at any point, with the same versions.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export interface RotationStrategy<S> {
  /** Refuses a secret with missing fields before anything is changed. Must keep fields that it does not know. */
  readonly schema: z.ZodType<S>;
  /** Makes the next value. Changes nothing anywhere: it may be made and never used. */
  create(versions: Omit<SecretVersions<S>, 'pending'>): Promise<S>;
  /** Makes the service accept the pending value, and the current one still where it can take two. */
  set(versions: SecretVersions<S>): Promise<void>;
  /** Proves that the pending value does all that its user needs, not only that it logs in. Throws when it does not. */
  test(versions: SecretVersions<S>): Promise<void>;
}
