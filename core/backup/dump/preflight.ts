import type { Client } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { majorOf } from '../../postgres/version';
import { counted } from '../../shared/units';
import {
  ClientTooOldError,
  LargeObjectsNotReadableError,
  RowSecurityBlocksDumpError,
  TablesNotReadableError,
} from './errors';
import { unreadableLargeObjects } from './large-object-rights';
import type { PgDumpClient } from './pg-dump';

/** What the dump must know of the database before it starts. */
export interface DumpedDatabase {
  /** As `SHOW server_version` gives it. */
  readonly serverVersion: string;
  readonly serverVersionNumber: number;
  /** `pg_database_size`, bytes. */
  readonly sizeBytes: number;
  /** Whether a backend can notice by itself that its client is gone. */
  readonly checksItsClient: boolean;
}

const STATEMENT_TIMEOUT_MS = 60_000;
const NAMED_TABLES = 20;

/** What to write into the environment's configuration. */
const ADMIN_DUMPS = "backup.dump.login: 'admin'";

/**
 * Finds what would make pg_dump fail half-way, before it has read and uploaded for minutes.
 *
 * @throws ClientTooOldError, RowSecurityBlocksDumpError, TablesNotReadableError, LargeObjectsNotReadableError, the
 * errors of `withSession`
 */
export async function inspectDatabase(
  endpoint: PostgresEndpoint,
  client: PgDumpClient,
  applicationName: string,
  signal?: AbortSignal,
): Promise<DumpedDatabase> {
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return withSession(endpoint, applicationName, limits, async (session) => {
    const { rows } = await session.query<{ version: string; number: number; size: string }>(
      `SELECT pg_catalog.current_setting('server_version') AS version,
        pg_catalog.current_setting('server_version_num')::int AS number,
        pg_catalog.pg_database_size(pg_catalog.current_database())::text AS size`,
    );
    const { version, number, size } = rows[0]!;
    refuseOldClient(client, version, number);
    await refuseUnreadableTables(session, endpoint);
    await refuseRowSecurity(session, endpoint);
    await refuseUnreadableLargeObjects(session, number, endpoint);
    return {
      serverVersion: version,
      serverVersionNumber: number,
      sizeBytes: Number(size),
      checksItsClient: await checksItsClient(session),
    };
  });
}

function refuseOldClient(client: PgDumpClient, serverVersion: string, serverVersionNumber: number): void {
  const serverMajor = majorOf(serverVersionNumber);
  if (client.majorVersion >= serverMajor) return;
  throw new ClientTooOldError(
    `pg_dump ${client.version} cannot dump a server of version ${serverVersion}; rebuild the image with the postgresql${serverMajor} package and deploy the Backup stack`,
  );
}

/** The tables that pg_dump locks and reads: no catalogue's, no extension's own, no other session's. */
const DUMPED_TABLES = `pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;

async function refuseUnreadableTables(session: Client, { user }: PostgresEndpoint): Promise<void> {
  const tables = await tablesWhere(
    session,
    `NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))`,
  );
  if (tables === undefined) return;
  throw new TablesNotReadableError(
    `role "${user}" may not read ${tables}; grant it pg_read_all_data, or USAGE on the schema and SELECT on the tables`,
  );
}

async function refuseRowSecurity(session: Client, { user }: PostgresEndpoint): Promise<void> {
  // A partitioned table has no rows of its own: pg_dump reads the partitions, by their own policies.
  const tables = await tablesWhere(
    session,
    `c.relkind = 'r' AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)`,
  );
  if (tables === undefined) return;
  throw new RowSecurityBlocksDumpError(
    `row-level security would hide rows of ${tables} from role "${user}"; run ALTER ROLE "${user}" BYPASSRLS, let it own the tables without FORCE ROW LEVEL SECURITY, or have the admin dump: ${ADMIN_DUMPS}`,
  );
}

async function refuseUnreadableLargeObjects(
  session: Client,
  serverVersionNumber: number,
  { user }: PostgresEndpoint,
): Promise<void> {
  const unreadable = await unreadableLargeObjects(session, serverVersionNumber);
  if (!unreadable) return;
  const { count, oids } = unreadable;
  const more = count - oids.length;
  throw new LargeObjectsNotReadableError(
    `role "${user}" may not read ${counted(count, 'large object')} (${oids.join(', ')}${more > 0 ? ` and ${more} more` : ''}); run GRANT SELECT ON LARGE OBJECT ${oids[0]} TO "${user}" for each, now and whenever one is made, or have their owner's member dump, such as the admin: ${ADMIN_DUMPS}`,
  );
}

/** The first of the tables that fit, as a list to read, with how many more there are; undefined for none. */
async function tablesWhere(session: Client, condition: string): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string; total: number }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, (pg_catalog.count(*) OVER ())::int AS total
     FROM ${DUMPED_TABLES} AND ${condition} ORDER BY 1 LIMIT ${NAMED_TABLES}`,
  );
  if (rows.length === 0) return undefined;
  const more = rows[0]!.total - rows.length;
  return rows.map(({ name }) => name).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** From version 14 on, and only on systems that can tell. A wrong setting would refuse pg_dump's connection. */
async function checksItsClient(session: Client): Promise<boolean> {
  try {
    await session.query(`SET client_connection_check_interval = '1s'`);
    return true;
  } catch {
    return false;
  }
}
