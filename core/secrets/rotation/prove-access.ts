import { randomBytes } from 'node:crypto';
import { escapeIdentifier, type Client } from 'pg';
import { isRefusal, type DatabaseAccess } from './database-user';
import { PendingRightsError } from './errors';
import { actingAs, differences } from './role-difference';
import { roleStatements } from './role-sql';
import { readRole, settingKey, versionNumberOf } from './role-state';

/** Of many, how many are told. */
const TOLD = 10;

/**
 * Proves that a role may do all that the one before it may: it belongs to the same roles, is set alike, acts as the
 * same owner, and has the same rights on every schema, table, sequence and function of this database.
 *
 * @param client connected as the pending role
 * @throws PendingRightsError with what is missing
 */
export async function proveAlike(
  client: Client,
  currentName: string,
  pendingName: string,
  { ownerRole }: DatabaseAccess,
): Promise<void> {
  const versionNumber = await versionNumberOf(client);
  const current = await readRole(client, currentName, versionNumber);
  const pending = await readRole(client, pendingName, versionNumber);
  if (!current || !pending) {
    throw new PendingRightsError(
      `there is no role "${current ? pendingName : currentName}"; see who has dropped it, make it again, and rotate again`,
    );
  }
  const like = actingAs(ownerRole, current);
  const unlike = differences(
    { name: pendingName, state: pending, likeName: currentName, like },
    roleStatements(versionNumber),
  ).map(({ what, is }) => `${what}: ${is}`);
  const { rows } = await client.query<{ lacks: string }>(rightsQuery(versionNumber), [
    currentName,
    pendingName,
  ]);
  refuse(pendingName, [...unlike, ...rows.map(({ lacks }) => `${lacks}: missing`)]);

  const { rows: here } = await client.query<{ database: string }>('SELECT current_database() AS database');
  const acts = (database?: string) => like.settings.get(settingKey({ database, name: 'role' }))?.value;
  await proveActsAs(client, pendingName, acts(here[0]?.database) ?? acts() ?? pendingName);
}

/**
 * Proves what a user is for: to own what it makes, or to read all and write nothing.
 *
 * @throws PendingRightsError with what is missing, or too much
 */
export async function proveAccess(
  client: Client,
  name: string,
  { ownerRole, readOnly = false }: DatabaseAccess,
): Promise<void> {
  if (ownerRole !== undefined) await proveActsAs(client, name, ownerRole);
  if (readOnly) return await proveReadsOnly(client, name);
  const schema = await schemaToCreateIn(client);
  if (schema !== undefined) return await proveOwns(client, name, schema);
  if (ownerRole !== undefined) refuse(name, ['CREATE on any schema: missing']);
}

function refuse(name: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > TOLD ? [`and ${problems.length - TOLD} more`] : [];
  throw new PendingRightsError(
    `nobody is moved to role "${name}", which is not all that it should be: ${[...problems.slice(0, TOLD), ...more].join('; ')}; ` +
      'give what stands here as missing or take what is too much, give objects that a login owns to the owner role, and rotate again',
  );
}

async function proveActsAs(client: Client, name: string, expected: string): Promise<void> {
  const { rows } = await client.query<{ acts: string }>('SELECT current_user AS acts');
  const acts = rows[0]?.acts;
  if (acts !== expected) refuse(name, [`its sessions act as "${acts}" and not as "${expected}": different`]);
}

/** Where PostgreSQL would create, or else the first schema that lets us. */
async function schemaToCreateIn(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT nspname AS schema FROM pg_catalog.pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'CREATE')
      ORDER BY nspname = current_schema() DESC NULLS LAST, nspname LIMIT 1`,
  );
  return rows[0]?.schema;
}

/** Makes, uses and drops a table, and leaves nothing. */
async function proveOwns(client: Client, name: string, schema: string): Promise<void> {
  const table = `${escapeIdentifier(schema)}.golive_rotation_${randomBytes(6).toString('hex')}`;
  await client.query('BEGIN');
  try {
    await client.query(`CREATE TABLE ${table} (a integer)`);
    await client.query(`ALTER TABLE ${table} ADD COLUMN b text`);
    await client.query(`INSERT INTO ${table} VALUES (1, 'one')`);
    const { rows } = await client.query<{ owner: string; acts: string }>(
      `SELECT pg_catalog.pg_get_userbyid(relowner) AS owner, current_user AS acts
         FROM pg_catalog.pg_class, ${table} WHERE pg_class.oid = $1::regclass`,
      [table],
    );
    const { owner, acts } = rows[0] ?? {};
    if (owner === undefined || owner !== acts) {
      refuse(name, [
        `what it makes in schema "${schema}" belongs to "${owner}" and not to "${acts}": different`,
      ]);
    }
    await client.query(`DROP TABLE ${table}`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new PendingRightsError(
      `role "${name}" cannot make, fill and drop a table in schema "${schema}": ${error.message}; give it what is missing, and rotate again`,
      { cause: error },
    );
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

async function proveReadsOnly(client: Client, name: string): Promise<void> {
  const { rows } = await client.query<{ table: string; reads: boolean; writes: boolean; stored: boolean }>(
    `SELECT relkind IN ('r', 'p') AS stored, format('%I.%I', nspname, relname) AS table,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS reads,
            has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS} ORDER BY 2`,
  );
  const schema = await schemaToCreateIn(client);
  refuse(name, [
    ...rows.filter(({ reads }) => !reads).map(({ table }) => `SELECT on ${table}: missing`),
    ...rows.filter(({ writes }) => writes).map(({ table }) => `writing to ${table}: too much`),
    ...(schema === undefined ? [] : [`CREATE on schema "${schema}": too much`]),
  ]);
  const { table } = rows.find(({ stored }) => stored) ?? {};
  if (table !== undefined) await client.query(`SELECT FROM ${table} LIMIT 1`);
}

const OURS = "nspname !~ '^pg_' AND nspname <> 'information_schema'";

/** What the role in $1 may do and the one in $2 may not: what is owned first, for that says most. */
function rightsQuery(versionNumber: number): string {
  const table = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];
  if (versionNumber >= 170_000) table.push('MAINTAIN');
  const relations = (kinds: string) =>
    `pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE relkind IN (${kinds}) AND ${OURS}`;
  const named = "format('%I.%I', nspname, relname)";
  return [
    owned(
      `relowner AS owner, 'relation ' || ${named} AS name FROM ${relations("'r', 'p', 'v', 'm', 'f', 'S'")}`,
    ),
    owned(
      `proowner AS owner, 'function ' || p.oid::regprocedure AS name FROM pg_catalog.pg_proc AS p
         JOIN pg_catalog.pg_namespace AS n ON n.oid = pronamespace WHERE ${OURS}`,
    ),
    owned(
      `nspowner AS owner, 'schema ' || quote_ident(nspname) AS name FROM pg_catalog.pg_namespace WHERE ${OURS}`,
    ),
    rights(
      'table',
      table,
      `c.oid, 'table ' || ${named} AS name FROM ${relations("'r', 'p', 'v', 'm', 'f'")}`,
    ),
    rights(
      'sequence',
      ['USAGE', 'SELECT', 'UPDATE'],
      `c.oid, 'sequence ' || ${named} AS name FROM ${relations("'S'")}`,
    ),
    rights(
      'function',
      ['EXECUTE'],
      `p.oid, 'function ' || p.oid::regprocedure AS name FROM pg_catalog.pg_proc AS p
         JOIN pg_catalog.pg_namespace AS n ON n.oid = pronamespace WHERE ${OURS}`,
    ),
    rights(
      'schema',
      ['USAGE', 'CREATE'],
      `oid, 'schema ' || quote_ident(nspname) AS name FROM pg_catalog.pg_namespace WHERE ${OURS}`,
    ),
    rights(
      'database',
      ['CONNECT', 'CREATE', 'TEMPORARY'],
      `oid, 'database ' || quote_ident(datname) AS name FROM pg_catalog.pg_database WHERE datname = current_database()`,
    ),
  ].join('\nUNION ALL\n');
}

function rights(kind: string, privileges: readonly string[], objects: string): string {
  return `SELECT privilege || ' on ' || name AS lacks
    FROM (SELECT ${objects}) AS o, unnest(ARRAY['${privileges.join("', '")}']) AS privilege
   WHERE has_${kind}_privilege($1::name, o.oid, privilege) AND NOT has_${kind}_privilege($2::name, o.oid, privilege)`;
}

/** To alter and drop something takes its owner, or a member of it. */
function owned(objects: string): string {
  return `SELECT 'ownership of ' || name AS lacks FROM (SELECT ${objects}) AS o
   WHERE pg_has_role($1::name, owner, 'MEMBER') AND NOT pg_has_role($2::name, owner, 'MEMBER')`;
}
