import type { Client } from 'pg';

/** One role, as far as the bootstrap cares. */
export interface RoleState {
  readonly name: string;
  readonly canLogin: boolean;
  readonly inherits: boolean;
  readonly isSuperuser: boolean;
  readonly bypassesRowSecurity: boolean;
  /** Such as `role=golive_owner`, in the order of the server. */
  readonly settings: readonly string[];
}

export interface Membership {
  /** The role that is a member. */
  readonly member: string;
  /** The role that it is a member of. */
  readonly role: string;
  /** Whether it has the role's privileges without `SET ROLE`. Before PostgreSQL 16 the member's own attribute decides. */
  readonly inherits: boolean;
  /** Whether it may `SET ROLE`. Before PostgreSQL 16 every member may. */
  readonly maySet: boolean;
}

/** What the server says of the roles and privileges that a bootstrap is about. */
export interface RolesState {
  /** Such as 170005. */
  readonly serverVersionNumber: number;
  /** Who asks. */
  readonly master: string;
  readonly roles: ReadonlyMap<string, RoleState>;
  readonly memberships: readonly Membership[];
  /** What was granted by name, not what everybody has: `golive_owner CREATE`. */
  readonly databasePrivileges: ReadonlySet<string>;
  /** Undefined where the database has no schema `public`. */
  readonly publicSchemaPrivileges: ReadonlySet<string> | undefined;
}

/** Reads the state of the server, and of the database that the session is in. */
export async function readState(session: Client): Promise<RolesState> {
  const about = await session.query<{ number: number; master: string }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int AS number, session_user AS master`,
  );
  const roles = await session.query<RoleState>(
    `SELECT rolname AS name, rolcanlogin AS "canLogin", rolinherit AS inherits, rolsuper AS "isSuperuser",
        rolbypassrls AS "bypassesRowSecurity", coalesce(rolconfig, '{}') AS settings
      FROM pg_catalog.pg_roles`,
  );
  // The two options are columns from PostgreSQL 16 on, and a name that is not there would fail.
  const memberships = await session.query<Membership>(
    `SELECT m.rolname AS member, r.rolname AS role,
        coalesce((pg_catalog.to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit) AS inherits,
        coalesce((pg_catalog.to_jsonb(a) ->> 'set_option')::boolean, true) AS "maySet"
      FROM pg_catalog.pg_auth_members AS a
      JOIN pg_catalog.pg_roles AS m ON m.oid = a.member
      JOIN pg_catalog.pg_roles AS r ON r.oid = a.roleid`,
  );
  const database = await privileges(
    session,
    `SELECT datacl AS acl, pg_catalog.acldefault('d', datdba) AS standard
      FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  );
  const schema = await privileges(
    session,
    `SELECT nspacl AS acl, pg_catalog.acldefault('n', nspowner) AS standard
      FROM pg_catalog.pg_namespace WHERE nspname = 'public'`,
  );
  return {
    serverVersionNumber: about.rows[0]!.number,
    master: about.rows[0]!.master,
    roles: new Map(roles.rows.map((role) => [role.name, role])),
    memberships: memberships.rows,
    databasePrivileges: database ?? new Set(),
    publicSchemaPrivileges: schema,
  };
}

/** What is granted on one object, by role and privilege; undefined when there is no such object. */
async function privileges(session: Client, object: string): Promise<Set<string> | undefined> {
  const { rows } = await session.query<{ granted: string | null }>(
    `SELECT r.rolname || ' ' || e.privilege_type AS granted
      FROM (${object}) AS o
      LEFT JOIN LATERAL pg_catalog.aclexplode(coalesce(o.acl, o.standard)) AS e ON true
      LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = e.grantee`,
  );
  if (rows.length === 0) return undefined;
  return new Set(rows.flatMap(({ granted }) => granted ?? []));
}
