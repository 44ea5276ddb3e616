import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import * as z from 'zod';

/**
 * Where a database is and who we are there. Never log one: it holds the password.
 */
export interface PostgresEndpoint {
  /** A name; or, with a slash first, the folder of a server's socket on this machine, where nothing needs TLS. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** PEM file of the certificate authorities to trust: TLS is always verified, name included. */
  readonly caFile: string;
}

/**
 * The JSON that RDS keeps in an attached secret.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 */
export const DatabaseSecret = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int().min(1).max(65535).default(5432),
  username: z.string().min(1),
  password: z.string().min(1),
  dbname: z.string().min(1).optional(),
});

/** A node-postgres client for one database, over verified TLS or a socket; the caller connects and ends it. */
export async function postgresClient(endpoint: PostgresEndpoint, applicationName: string): Promise<Client> {
  return new Client({
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    password: endpoint.password,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    // From the first statement on: the short limit of a role or a database would end the very one that lifts it.
    options: '-c statement_timeout=0',
    // As in libpq, whose sslmode does not count for sockets: what is said there leaves no machine.
    ssl: isSocket(endpoint)
      ? false
      : { ca: await readFile(endpoint.caFile, 'utf8'), rejectUnauthorized: true },
  });
}

/** https://www.postgresql.org/docs/17/libpq-connect.html#LIBPQ-CONNECT-HOST */
function isSocket({ host }: PostgresEndpoint): boolean {
  return host.startsWith('/');
}
