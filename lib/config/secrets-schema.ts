import { z } from 'zod';
import { SecretsLimits } from '../../core/secrets/status/limits';
import { type Rotation, WEEK_DAYS } from './rotation';

/**
 * When a secret may be rotated. Defaults lie in a morning on which people are at work, one secret an hour: a rotation
 * that fails has somebody to look at it, and no two help each other fail.
 */
const RotationSchema = (every: Rotation['every'], hour: number) =>
  z
    .strictObject({
      every: z.enum(['day', 'week', 'month', 'quarter']).default(every),
      weekDay: z.enum(WEEK_DAYS).default('TUE'),
      hour: z.int().min(0).max(23).default(hour),
      windowHours: z.int().min(1).max(24).default(1),
    })
    .prefault({});

/** The environment's secrets: when they are rotated, and what the key rings must know. */
export const Secrets = z.strictObject({
  /** Of the functions that reach the database. @default those of the dump function */
  subnets: z.enum(['egress', 'isolated']).optional(),
  /** Whether the region of disaster recovery holds a replica of each. @default true where there is such a region */
  replicate: z.boolean().default(true),
  rotation: z
    .strictObject({
      master: RotationSchema('month', 7),
      app: RotationSchema('month', 8),
      backup: RotationSchema('month', 9),
      cache: RotationSchema('month', 10),
      jwt: RotationSchema('month', 11),
      data: RotationSchema('quarter', 12),
    })
    .prefault({}),
  /** The oldest value that a service still uses, seconds: also when it cannot reach Secrets Manager. */
  cacheSeconds: z.int().min(60).max(86_400).default(3600),
  /** How long a key has been known to everybody before anything is signed or encrypted with it, minutes. */
  publishMinutes: z.int().min(1).default(120),
  /** The keys that sign tokens. */
  jwt: z
    .strictObject({
      /** Each has a secret of its own: to change it is to begin with a new ring, which knows no token of the old one. */
      algorithm: z.enum(['EdDSA', 'ES256']).default('EdDSA'),
      /** The life of the longest-lived token. For that long a retired key still verifies. */
      maxTokenMinutes: z
        .int()
        .min(1)
        .max(90 * 24 * 60)
        .default(60),
    })
    .prefault({}),
  /** The keys that encrypt data. */
  data: z
    .strictObject({
      /** Where ciphertext lies. A key is dropped only when none of these carries it; with no column named, never. */
      encryptedColumns: z
        .array(
          z.strictObject({
            /** With its schema. */
            table: z.string().regex(/^[^.]+\.[^.]+$/, 'a table with its schema, such as "public.users"'),
            column: z.string().min(1),
          }),
        )
        .default([]),
    })
    .prefault({}),
  /** Whether secrets are in order: asked every hour. */
  monitor: z
    .strictObject({
      /** Of every hour. */
      minute: z.int().min(0).max(59).default(40),
      limits: SecretsLimits.prefault({}),
    })
    .prefault({}),
});
