import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { saidBy } from '../../shared/errors';

/** Whose values PostgreSQL keeps quoted already, as a list. Quoted once more they would be one name with commas. */
const QUOTED_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

interface Statement {
  readonly sql: string;
  /** For people. Without the value: teams keep secrets in settings. */
  readonly what: string;
}

/**
 * Gives a restored database what belongs to the live one and not to its content, which no archive holds unless
 * pg_restore makes the database itself: who may connect and create, settings of the database and of roles in it, the
 * limit of connections. Done again, it changes nothing more.
 * https://www.postgresql.org/docs/17/app-pgdump.html (`--create`)
 *
 * @returns what was refused, each with the server's reason; a swap at night does not wait for it
 */
export async function carryDatabaseProperties(
  maintenance: Client,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string[]> {
  return await carry(maintenance, [
    ...(await settingsOf(maintenance, from, to)),
    ...(await grantsOf(maintenance, from, to)),
    ...(await limitOf(maintenance, from, to)),
  ]);
}

/**
 * Only who may connect and create: what a database must have before anything is restored into it, or whoever may not
 * look at the live one could look at this one.
 *
 * @returns as {@link carryDatabaseProperties}
 */
export async function carryDatabaseGrants(
  maintenance: Client,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string[]> {
  return await carry(maintenance, await grantsOf(maintenance, from, to));
}

async function carry(maintenance: Client, statements: readonly Statement[]): Promise<string[]> {
  const refused: string[] = [];
  for (const { sql, what } of statements) {
    await maintenance.query(sql).catch((error: unknown) => refused.push(`${what}: ${saidBy(error)}`));
  }
  return refused;
}

/** What somebody wrote about the live database. A restore's own mark is no such thing. */
export async function commentOf(maintenance: Client, database: string): Promise<string | undefined> {
  const { rows } = await maintenance.query<{ comment: string | null }>(
    `SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database WHERE datname = $1`,
    [database],
  );
  return rows[0]?.comment ?? undefined;
}

async function settingsOf(maintenance: Client, from: string, to: string): Promise<Statement[]> {
  const { rows } = await maintenance.query<{ role: string | null; name: string; value: string }>(
    `SELECT r.rolname AS role, pg_catalog.split_part(c.setting, '=', 1) AS name,
        pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
      WHERE d.datname = $1 ORDER BY 1 NULLS FIRST, 2`,
    [from],
  );
  return rows.map(({ role, name, value }) => {
    const database = `DATABASE ${escapeIdentifier(to)}`;
    const whose = role === null ? `ALTER ${database}` : `ALTER ROLE ${escapeIdentifier(role)} IN ${database}`;
    const setTo = QUOTED_LISTS.has(name) && value !== '' ? value : escapeLiteral(value);
    return {
      sql: `${whose} SET ${settingName(name)} TO ${setTo}`,
      what: `setting ${name} of ${role === null ? 'the database' : `role "${role}" in it`}`,
    };
  });
}

/** Of an extension, such as `app.tenant`: two identifiers. */
function settingName(name: string): string {
  return name.split('.').map(escapeIdentifier).join('.');
}

async function grantsOf(maintenance: Client, from: string, to: string): Promise<Statement[]> {
  const { rows } = await maintenance.query<{ grantee: string | null; privilege: string; grantable: boolean }>(
    `SELECT r.rolname AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
      FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) AS a
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
      WHERE d.datname = $1 AND (a.grantee = 0 OR r.oid IS NOT NULL) ORDER BY 1 NULLS FIRST, 2`,
    [from],
  );
  // No list at all is the default, with which the new one was made, too.
  if (rows.length === 0) return [];
  const database = `ON DATABASE ${escapeIdentifier(to)}`;
  return [
    { sql: `REVOKE ALL ${database} FROM PUBLIC`, what: 'REVOKE ALL FROM PUBLIC' },
    ...rows.map(({ grantee, privilege, grantable }) => ({
      sql: `GRANT ${privilege} ${database} TO ${grantee === null ? 'PUBLIC' : escapeIdentifier(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`,
      what: `GRANT ${privilege} TO ${grantee ?? 'PUBLIC'}`,
    })),
  ];
}

async function limitOf(maintenance: Client, from: string, to: string): Promise<Statement[]> {
  const { rows } = await maintenance.query<{ limit: number }>(
    'SELECT datconnlimit AS limit FROM pg_catalog.pg_database WHERE datname = $1 AND datconnlimit >= 0',
    [from],
  );
  return rows.map(({ limit }) => ({
    sql: `ALTER DATABASE ${escapeIdentifier(to)} CONNECTION LIMIT ${limit}`,
    what: `CONNECTION LIMIT ${limit}`,
  }));
}
