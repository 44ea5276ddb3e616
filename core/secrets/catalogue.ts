import * as z from 'zod';

/**
 * The secrets of an environment, by the short name that people type: `golive secrets rotate app`.
 *
 * - `master`: the administrator of PostgreSQL, whom RDS made; the Database stack owns it
 * - `app`: the login of the services
 * - `backup`: the read-only login of the dumps
 * - `jwt`: the key ring that signs tokens
 * - `data`: the key ring that encrypts what the product stores
 * - `cache`: the user of the cache; the Database stack owns it
 * - `sentry-dsn`, `pagerduty`, `slack`: what people set, and no function can rotate
 */
export const SecretName = z.enum([
  'master',
  'app',
  'backup',
  'jwt',
  'data',
  'cache',
  'sentry-dsn',
  'pagerduty',
  'slack',
]);
export type SecretName = z.output<typeof SecretName>;

/**
 * How a secret changes.
 *
 * - `alternating-user`: two logins take turns, so that the old one stays valid until the next rotation
 * - `single-user`: one login gets a new password
 * - `key-ring`: next → current → previous
 * - `cache-user`: one user with two valid passwords
 * - `set-by-people`: a third party's value; a person sets it
 */
export const SecretKind = z.enum([
  'alternating-user',
  'single-user',
  'key-ring',
  'cache-user',
  'set-by-people',
]);
export type SecretKind = z.output<typeof SecretKind>;
