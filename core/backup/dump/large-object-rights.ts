import type { Client } from 'pg';

/** The large objects that a role may not read. */
export interface UnreadableLargeObjects {
  readonly count: number;
  /** The first of their oids. */
  readonly oids: readonly number[];
}

const NAMED_OBJECTS = 5;

/** From this version on the server says itself whether a role may read one. */
const TELLS_FROM = 180_000;

/**
 * The large objects that pg_dump would fail on, after it has read every table. `pg_read_all_data` gives no right to
 * them before PostgreSQL 19. https://www.postgresql.org/docs/17/predefined-roles.html
 *
 * @returns undefined when the role may read all of them
 */
export async function unreadableLargeObjects(
  session: Client,
  serverVersionNumber: number,
): Promise<UnreadableLargeObjects | undefined> {
  const { rows } = await session.query<{ oid: number; total: string }>(
    unreadableLargeObjectsSql(serverVersionNumber),
  );
  return rows.length === 0 ? undefined : { count: Number(rows[0]!.total), oids: rows.map(({ oid }) => oid) };
}

/** Millions of objects have few different rights: each is looked at once, and the objects are only counted. */
export function unreadableLargeObjectsSql(serverVersionNumber: number): string {
  const isReadable = serverVersionNumber < TELLS_FROM ? READABLE_BY_ACL : READABLE_SAYS_SERVER;
  return `WITH rights AS MATERIALIZED (
      SELECT lomowner, lomacl, pg_catalog.min(oid) AS example, pg_catalog.count(*) AS objects
      FROM pg_catalog.pg_largeobject_metadata GROUP BY lomowner, lomacl),
    unreadable AS MATERIALIZED (
      SELECT * FROM rights WHERE pg_catalog.current_setting('lo_compat_privileges') = 'off' AND NOT ${isReadable})
    SELECT m.oid, (SELECT pg_catalog.sum(objects) FROM unreadable)::text AS total
    FROM pg_catalog.pg_largeobject_metadata AS m
    JOIN unreadable AS u ON u.lomowner = m.lomowner AND u.lomacl IS NOT DISTINCT FROM m.lomacl
    ORDER BY m.oid LIMIT ${NAMED_OBJECTS}`;
}

const READABLE_SAYS_SERVER = `pg_catalog.has_largeobject_privilege(example, 'SELECT')`;

/** As the server decides it: a superuser, or a member, with its rights, of a role to whom it is granted. */
const READABLE_BY_ACL = `(
  (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
  OR EXISTS (
    SELECT FROM pg_catalog.aclexplode(coalesce(lomacl, pg_catalog.acldefault('L', lomowner))) AS granted
    WHERE granted.privilege_type = 'SELECT'
      AND (granted.grantee = 0 OR pg_catalog.pg_has_role(granted.grantee, 'USAGE'))))`;
