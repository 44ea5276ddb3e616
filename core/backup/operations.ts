import * as z from 'zod';
import { HealthLimits } from './health/evaluate';
import { RetentionPolicy } from './retention/policy';

/** A question of the team's own, in SQL, that must give one row whose first column is true. */
export const SmokeQuestion = z.strictObject({ name: z.string().min(1).max(60), sql: z.string().min(1) });

/**
 * What an operator's tools, and the functions that watch, must know of an environment: names and figures, no secret.
 * The Backup stack writes it as a parameter of Systems Manager, so that nobody looks through stacks for a bucket's
 * name at night, and a person sees the very limits that the monitor applies.
 */
export const Operations = z.strictObject({
  operationsVersion: z.literal(2),
  environment: z.string().min(1),
  vaultBucket: z.string().min(1),
  instanceIdentifier: z.string().min(1),
  dbiResourceId: z.string().min(1),
  databaseName: z.string().min(1),
  /** The administrator's, who restores and drills. */
  databaseSecretArn: z.string().min(1),
  /** Of the login that dumps. Absent: the administrator dumps. */
  dumpSecretArn: z.string().min(1).optional(),
  /** The longest time between two scheduled dumps, with what a dump may take, hours. */
  dumpExpectedEveryHours: z.number().positive(),
  fingerprint: z.strictObject({
    connections: z.int().min(1),
    maxTableBytes: z.int().positive().optional(),
  }),
  retention: RetentionPolicy,
  health: HealthLimits,
  /** The copies in the other region. Absent where none are configured. */
  offsite: z
    .strictObject({ region: z.string().min(1), bucket: z.string().min(1), lockRequired: z.boolean() })
    .optional(),
  /** The operations task, which runs commands beside the database. Absent where none is configured. */
  task: z.strictObject({ stateMachineArn: z.string().min(1), logGroupName: z.string().min(1) }).optional(),
  /** What every drill and verification asks of a restored database. */
  smoke: z.array(SmokeQuestion),
});

export type Operations = z.output<typeof Operations>;

/** `/golive/prod/operations` */
export function operationsParameterName(environment: string): string {
  return `/golive/${environment}/operations`;
}
