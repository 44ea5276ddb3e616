import * as z from 'zod';
import type { PostgresEndpoint } from '../../postgres/endpoint';

/**
 * The secret of a database user. What else it holds is kept as it is, and so is how it writes the port.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 */
export const RotatedDatabaseSecret = z.looseObject({
  engine: z.enum(['postgres', 'aurora-postgresql']),
  host: z.string().min(1),
  port: z.union([z.number().int().min(1).max(65535), z.string().regex(/^\d{1,5}$/)]).optional(),
  username: z.string().min(1),
  password: z.string().min(1),
  dbname: z.string().min(1).optional(),
});

export type RotatedDatabaseSecret = z.output<typeof RotatedDatabaseSecret>;

/** As {@link RotatedDatabaseSecret}, with the secret of the master user who may change this one. */
export const DatabaseSecretWithMaster = RotatedDatabaseSecret.extend({ masterarn: z.string().min(1) });

export type DatabaseSecretWithMaster = z.output<typeof DatabaseSecretWithMaster>;

/** Where a secret leads. Whatever it says of `ssl`, TLS is verified. */
export function endpointOf(secret: RotatedDatabaseSecret, caFile: string): PostgresEndpoint {
  const { host, username: user, password, dbname: database = 'postgres' } = secret;
  return { host, port: portOf(secret), database, user, password, caFile };
}

export function portOf({ port = 5432 }: Pick<RotatedDatabaseSecret, 'port'>): number {
  return Number(port);
}

/** Names of hosts know no case. */
export function isSameHost(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
