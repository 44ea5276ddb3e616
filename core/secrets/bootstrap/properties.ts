import * as z from 'zod';

/** CloudFormation passes every scalar of a custom resource as text. */
const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** PostgreSQL cuts a longer name without a word, and the role would be another. */
const RoleName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, 'a role has a name of 63 bytes at most');

/**
 * The properties of the custom resource `Custom::DatabaseRoles`: a change of any of them runs the bootstrap again.
 * Who logs in, and with what, stands in the secrets.
 */
export const DatabaseRolesProperties = z.object({
  /** ARN of the master's secret: attached to the instance, it says where the database is. */
  MasterSecretArn: z.string().min(1),
  /** ARN of the secret with the services' login. */
  AppSecretArn: z.string().min(1),
  /** ARN of the secret with the dumps' login. */
  BackupSecretArn: z.string().min(1),
  /** The database's name in PostgreSQL. */
  Database: z.string().min(1),
  /** The role that owns everything the product makes, and that nobody logs in as. */
  Owner: RoleName,
  /**
   * Whether what the master or an app login owns in the database becomes the owner's. @default false: it is only said
   */
  AdoptObjects: Flag.default(false),
  /**
   * What becomes of the logins when the resource is deleted: `keep` them as they are, or `drop` those that own
   * nothing and take the right to log in from the others. The owner and the data stay in any case.
   * @default keep
   */
  OnDelete: z.enum(['keep', 'drop']).default('keep'),
});

export type DatabaseRolesProperties = z.output<typeof DatabaseRolesProperties>;
