import { escapeIdentifier, type Client } from 'pg';
import { counted } from '../../shared/units';
import { membership } from './plan';
import type { RolesState } from './state';

/** What one role owns in this database that the owner should. */
export interface ForeignObjects {
  readonly role: string;
  readonly count: number;
  /** The first of them, as PostgreSQL describes them. */
  readonly named: readonly string[];
}

const NAMED_OBJECTS = 5;

/**
 * What the master, an app login or its alternate owns in the session's database: made before there was an owner, or by
 * a session that did not act as the owner. Default privileges and user mappings are of a role, and stay with it.
 */
export async function foreignObjects(
  session: Client,
  { master, roles, memberships }: RolesState,
  { owner, appUsername }: { readonly owner: string; readonly appUsername: string },
): Promise<ForeignObjects[]> {
  const logins = memberships
    .filter(({ role, member }) => role === owner && roles.get(member)?.canLogin)
    .map(({ member }) => member);
  const { rows } = await session.query<ForeignObjects>(
    `SELECT pg_catalog.pg_get_userbyid(refobjid) AS role, pg_catalog.count(*)::int AS count,
        (pg_catalog.array_agg(pg_catalog.pg_describe_object(classid, objid, objsubid)
          ORDER BY classid, objid))[1:${NAMED_OBJECTS}] AS named
      FROM pg_catalog.pg_shdepend
      WHERE deptype = 'o' AND refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        AND dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        AND classid NOT IN ('pg_catalog.pg_default_acl'::pg_catalog.regclass,
          'pg_catalog.pg_user_mapping'::pg_catalog.regclass)
        AND pg_catalog.pg_get_userbyid(refobjid)::text = ANY ($1) AND pg_catalog.pg_get_userbyid(refobjid) <> $2
      GROUP BY refobjid ORDER BY 1`,
    [[master, appUsername, ...logins], owner],
  );
  return rows;
}

/**
 * Gives all of a role's objects in this database to the owner. `REASSIGN OWNED` takes the role's databases too, of
 * which the master keeps every one, with what others were granted on it: whoever owns a database may drop it.
 * https://www.postgresql.org/docs/17/sql-reassign-owned.html
 */
export async function adopt(session: Client, state: RolesState, role: string, owner: string): Promise<void> {
  const { master } = state;
  const databases = await databasesOf(session, role, owner);
  // Only who has both roles may move from one to the other.
  const borrows = role !== master && !(await hasRole(session, role));
  if (borrows) await session.query(membership(state, role, master).sql);
  await session.query(`REASSIGN OWNED BY ${id(role)} TO ${id(owner)}`);
  for (const { name, privileges } of databases) {
    await session.query(`ALTER DATABASE ${id(name)} OWNER TO ${id(role)}`);
    // A database's new owner takes over what the old one was granted, so the owner's own grants went along.
    if (privileges.length > 0)
      await session.query(`GRANT ${privileges.join(', ')} ON DATABASE ${id(name)} TO ${id(owner)}`);
  }
  if (borrows) await session.query(`REVOKE ${id(role)} FROM ${id(master)}`);
}

export function describeForeign({ role, count, named }: ForeignObjects): string {
  const more = count > named.length ? ` and ${count - named.length} more` : '';
  return `${counted(count, 'object')} of "${role}" (${named.join(', ')}${more})`;
}

async function databasesOf(session: Client, role: string, owner: string) {
  const { rows } = await session.query<{ name: string; privileges: string[] }>(
    `SELECT datname AS name, ARRAY(SELECT privilege_type
        FROM pg_catalog.aclexplode(datacl) WHERE pg_catalog.pg_get_userbyid(grantee) = $2) AS privileges
      FROM pg_catalog.pg_database WHERE pg_catalog.pg_get_userbyid(datdba) = $1`,
    [role, owner],
  );
  return rows;
}

async function hasRole(session: Client, role: string): Promise<boolean> {
  const { rows } = await session.query<{ has: boolean }>(
    `SELECT pg_catalog.pg_has_role($1, 'USAGE') AS has`,
    [role],
  );
  return rows[0]!.has;
}

const id = escapeIdentifier;
