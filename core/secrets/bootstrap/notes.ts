import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { counted } from '../../shared/units';
import { describeForeign, foreignObjects } from './adopt';
import type { RolesState } from './state';

interface RoleNames {
  readonly owner: string;
  readonly app: { readonly username: string };
  readonly backup: { readonly username: string };
}

/** What is not as one may think, and what to do about it. */
export async function notesOn(
  session: Client,
  state: RolesState,
  { owner, app, backup }: RoleNames,
): Promise<string[]> {
  const foreign = await foreignObjects(session, state, { owner, appUsername: app.username });
  return [
    ...foreign.map(
      (objects) =>
        `${describeForeign(objects)} in this database are not the owner's; set adoptObjects, and "${owner}" takes them over`,
    ),
    ...(await hiddenRows(session, state, backup.username)),
    ...(await unreadableLargeObjects(session, backup.username)),
    ...(state.publicSchemaPrivileges
      ? []
      : [
          'this database has no schema "public", so nothing was granted on it; the owner makes schemas of its own',
        ]),
  ];
}

/** Only a superuser gives BYPASSRLS before PostgreSQL 16, and then only who has it: RDS's master has not. */
async function hiddenRows(session: Client, { roles }: RolesState, backup: string): Promise<string[]> {
  if (roles.get(backup)?.bypassesRowSecurity) return [];
  const tables = await count(
    session,
    `SELECT pg_catalog.count(*)::int AS count FROM pg_catalog.pg_class
      WHERE relkind = 'r' AND relrowsecurity AND relpersistence <> 't'`,
  );
  const what = `"${backup}" may not bypass row-level security: this master may not give BYPASSRLS`;
  return [
    tables === 0
      ? `${what}. No table has any yet; a dump as "${backup}" refuses the first that does`
      : `${what}, and ${counted(tables, 'table')} of this database ${tables === 1 ? 'has' : 'have'} it; dump as a role that does, such as the tables' owner`,
  ];
}

/** pg_read_all_data is about tables; of large objects it gives none. */
async function unreadableLargeObjects(session: Client, backup: string): Promise<string[]> {
  const objects = await count(
    session,
    `SELECT pg_catalog.count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata
      WHERE pg_catalog.current_setting('lo_compat_privileges') = 'off'
        AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(lomacl)
          WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_catalog.pg_get_userbyid(grantee) = $1))`,
    [backup],
  );
  if (objects === 0) return [];
  return [
    `"${backup}" may not read ${counted(objects, 'large object')} of this database; GRANT SELECT ON LARGE OBJECT … TO ${escapeIdentifier(backup)} for each, or set lo_compat_privileges in the instance's parameter group`,
  ];
}

async function count(session: Client, sql: string, values: readonly string[] = []): Promise<number> {
  const { rows } = await session.query<{ count: number }>(sql, [...values]);
  return rows[0]!.count;
}
