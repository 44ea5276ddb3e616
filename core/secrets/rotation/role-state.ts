import type { Client } from 'pg';

/** What a role is and may do, apart from its name and password. */
export interface RoleState {
  readonly attributes: RoleAttributes;
  /** By the name of the role that this one is a member of. */
  readonly memberships: ReadonlyMap<string, Membership>;
  /** `ALTER ROLE … SET`, by {@link settingKey}. */
  readonly settings: ReadonlyMap<string, RoleSetting>;
  /** What was granted to the role itself in this database, by what is granted on what. */
  readonly grants: ReadonlyMap<string, DirectGrant>;
}

export interface RoleAttributes {
  readonly login: boolean;
  readonly inherit: boolean;
  readonly createDb: boolean;
  readonly createRole: boolean;
  readonly replication: boolean;
  readonly bypassRls: boolean;
  /** -1: no limit. */
  readonly connectionLimit: number;
  /** As PostgreSQL writes it; `infinity` when it never ends. */
  readonly validUntil: string;
}

export interface Membership {
  readonly admin: boolean;
  /** Since PostgreSQL 16; undefined before. */
  readonly inherit?: boolean | undefined;
  readonly set?: boolean | undefined;
  /** Who granted it, since several may. */
  readonly grantors: readonly string[];
}

export interface RoleSetting {
  /** Undefined: in all. */
  readonly database: string | undefined;
  readonly name: string;
  readonly value: string;
}

/** All quoted by the server, ready for a statement. */
export interface DirectGrant {
  /** Such as `ALTER DEFAULT PRIVILEGES FOR ROLE a`; empty for what exists. */
  readonly scope: string;
  /** `SELECT` or `SELECT (name)` */
  readonly privilege: string;
  /** `TABLE public.orders` */
  readonly object: string;
  readonly grantable: boolean;
}

/** PostgreSQL 16 says for each membership whether it is inherited and whether one may SET ROLE. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

export function settingKey({ database, name }: Pick<RoleSetting, 'database' | 'name'>): string {
  return JSON.stringify([database ?? null, name]);
}

/**
 * Reads a role's state in the database of the connection; undefined when there is no such role.
 *
 * @param versionNumber `server_version_num`
 */
export async function readRole(
  client: Client,
  name: string,
  versionNumber: number,
): Promise<RoleState | undefined> {
  const { rows } = await client.query<RoleRow>(roleQuery(versionNumber), [name]);
  const row = rows[0];
  if (!row) return undefined;
  return {
    attributes: row.attributes,
    memberships: new Map(row.memberships.map(({ role, ...membership }) => [role, membership])),
    settings: new Map(row.settings.map(settingOf).map((setting) => [settingKey(setting), setting])),
    grants: new Map(
      row.grants.map((grant) => [`${grant.scope} ${grant.privilege} ON ${grant.object}`, grant]),
    ),
  };
}

/** `server_version_num`: 150018 */
export async function versionNumberOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  return rows[0]?.version ?? 0;
}

interface RoleRow {
  readonly attributes: RoleAttributes;
  readonly memberships: readonly (Membership & { readonly role: string })[];
  readonly settings: readonly SettingRow[];
  readonly grants: readonly DirectGrant[];
}

interface SettingRow {
  readonly database: string | null;
  readonly setting: string;
}

/** `work_mem=4MB` */
function settingOf({ database, setting }: SettingRow): RoleSetting {
  const equals = setting.indexOf('=');
  return {
    database: database ?? undefined,
    name: setting.slice(0, equals),
    value: setting.slice(equals + 1),
  };
}

/** One round trip, and all of one snapshot. */
function roleQuery(versionNumber: number): string {
  const list = (query: string) => `(SELECT coalesce(json_agg(x), '[]') FROM (${query}) AS x)`;
  return `
    SELECT (SELECT row_to_json(x) FROM (
             SELECT rolcanlogin AS login, rolinherit AS inherit, rolcreatedb AS "createDb",
                    rolcreaterole AS "createRole", rolreplication AS replication, rolbypassrls AS "bypassRls",
                    rolconnlimit AS "connectionLimit", coalesce(rolvaliduntil, 'infinity')::text AS "validUntil"
           ) AS x) AS attributes,
           ${list(membershipsQuery(versionNumber))} AS memberships,
           ${list(SETTINGS)} AS settings,
           ${list(grantsQuery(versionNumber))} AS grants
      FROM pg_catalog.pg_roles AS me WHERE me.rolname = $1`;
}

function membershipsQuery(versionNumber: number): string {
  const options =
    versionNumber >= MEMBERSHIP_OPTIONS_SINCE
      ? ', bool_or(m.inherit_option) AS inherit, bool_or(m.set_option) AS "set"'
      : '';
  return `
    SELECT r.rolname AS role, bool_or(m.admin_option) AS admin,
           array_remove(array_agg(DISTINCT g.rolname::text), NULL) AS grantors${options}
      FROM pg_catalog.pg_auth_members AS m
      JOIN pg_catalog.pg_roles AS r ON r.oid = m.roleid
      LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = m.grantor
     WHERE m.member = me.oid
     GROUP BY r.rolname`;
}

const SETTINGS = `
    SELECT d.datname AS database, unnest(s.setconfig) AS setting
      FROM pg_catalog.pg_db_role_setting AS s
      LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
     WHERE s.setrole = me.oid AND (s.setdatabase = 0 OR d.oid IS NOT NULL)`;

/** What a role holds of its own objects is no grant. */
function grantsQuery(versionNumber: number): string {
  const sources = [
    `SELECT relacl AS acl, relowner AS owner, NULL::name AS col, ''::text AS scope,
            format('%s %I.%I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, nspname, relname) AS object
       FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
      WHERE relacl IS NOT NULL`,
    `SELECT attacl, relowner, attname, '', format('TABLE %I.%I', nspname, relname)
       FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class AS c ON c.oid = attrelid
       JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
      WHERE attacl IS NOT NULL AND NOT attisdropped`,
    `SELECT proacl, proowner, NULL, '',
            format('ROUTINE %I.%I(%s)', nspname, proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
       FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = pronamespace
      WHERE proacl IS NOT NULL`,
    `SELECT typacl, typowner, NULL, '', format('TYPE %I.%I', nspname, typname)
       FROM pg_catalog.pg_type JOIN pg_catalog.pg_namespace AS n ON n.oid = typnamespace WHERE typacl IS NOT NULL`,
    `SELECT nspacl, nspowner, NULL, '', format('SCHEMA %I', nspname) FROM pg_catalog.pg_namespace`,
    `SELECT datacl, datdba, NULL, '', format('DATABASE %I', datname) FROM pg_catalog.pg_database`,
    `SELECT spcacl, spcowner, NULL, '', format('TABLESPACE %I', spcname) FROM pg_catalog.pg_tablespace`,
    `SELECT lanacl, lanowner, NULL, '', format('LANGUAGE %I', lanname) FROM pg_catalog.pg_language`,
    `SELECT fdwacl, fdwowner, NULL, '', format('FOREIGN DATA WRAPPER %I', fdwname)
       FROM pg_catalog.pg_foreign_data_wrapper`,
    `SELECT srvacl, srvowner, NULL, '', format('FOREIGN SERVER %I', srvname) FROM pg_catalog.pg_foreign_server`,
    `SELECT lomacl, lomowner, NULL, '', format('LARGE OBJECT %s', oid) FROM pg_catalog.pg_largeobject_metadata`,
    `SELECT defaclacl, defaclrole, NULL,
            format('ALTER DEFAULT PRIVILEGES FOR ROLE %I', pg_catalog.pg_get_userbyid(defaclrole)) ||
              CASE WHEN nspname IS NULL THEN '' ELSE format(' IN SCHEMA %I', nspname) END,
            CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
                               WHEN 'T' THEN 'TYPES' WHEN 'L' THEN 'LARGE OBJECTS' ELSE 'SCHEMAS' END
       FROM pg_catalog.pg_default_acl LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = defaclnamespace`,
    ...(versionNumber >= 150_000
      ? [`SELECT paracl, 10, NULL, '', format('PARAMETER %I', parname) FROM pg_catalog.pg_parameter_acl`]
      : []),
  ];
  return `
    SELECT scope, object, bool_or(a.is_grantable) AS grantable,
           a.privilege_type || CASE WHEN col IS NULL THEN '' ELSE format(' (%I)', col) END AS privilege
      FROM (${sources.join('\nUNION ALL\n')}) AS s, pg_catalog.aclexplode(s.acl) AS a
     WHERE a.grantee = me.oid AND a.grantee <> s.owner
     GROUP BY scope, object, a.privilege_type, col`;
}
