import * as z from 'zod';

/**
 * What an operator's tools must know of an environment: names, no secret. The Backup stack writes it as a parameter
 * of Systems Manager, so that nobody looks through stacks for a bucket's name at night.
 */
export const Operations = z.strictObject({
  operationsVersion: z.literal(1),
  environment: z.string().min(1),
  vaultBucket: z.string().min(1),
  instanceIdentifier: z.string().min(1),
  dbiResourceId: z.string().min(1),
  databaseName: z.string().min(1),
  databaseSecretArn: z.string().min(1),
});

export type Operations = z.output<typeof Operations>;

/** `/golive/prod/operations` */
export function operationsParameterName(environment: string): string {
  return `/golive/${environment}/operations`;
}
