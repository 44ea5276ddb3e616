import * as z from 'zod';
import { SecretKind, SecretName } from './catalogue';
import { SecretsLimits } from './status/limits';

/** What must be known of a secret to look at it and to rotate it: where it is, and never what it is. */
export const SecretOperations = z.strictObject({
  name: SecretName,
  arn: z.string().regex(/^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+$/, 'expected the ARN of a secret'),
  kind: SecretKind,
  /** The longest time between two rotations by the schedule, days. Absent where nothing rotates it. */
  rotationDays: z.number().positive().optional(),
  /** `secrets-rotate-app`: the function that rotates it, as logs, alarms and the runbook name it. */
  functionLabel: z.string().min(1).optional(),
  /** What of the platform itself reads it, at run time. The product's services are found at ECS. */
  usedBy: z.array(z.string().min(1)).optional(),
});
export type SecretOperations = z.output<typeof SecretOperations>;

/**
 * What an operator's tools, and the functions that watch, must know of an environment's secrets. The Secrets stack
 * writes it as a parameter of Systems Manager.
 */
export const SecretsOperations = z.strictObject({
  secretsVersion: z.literal(1),
  environment: z.string().min(1),
  secrets: z
    .array(SecretOperations)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'a secret is named twice'),
  /** ARNs of the ECS clusters of the environment. Empty: those that carry the tag `golive:environment`. */
  clusters: z.array(z.string().min(1)),
  limits: SecretsLimits.prefault({}),
});
export type SecretsOperations = z.output<typeof SecretsOperations>;

/** `/golive/prod/secrets` */
export function secretsParameterName(environment: string): string {
  return `/golive/${environment}/secrets`;
}
