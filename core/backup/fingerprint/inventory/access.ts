import { FIRST_USER_OID, USER_SCHEMA } from '../user-objects';
import type { InventoryQuery } from './query';

/**
 * Everything that has an owner and grants. `default` is the letter by which acldefault() knows the kind.
 * https://www.postgresql.org/docs/17/functions-info.html#FUNCTIONS-ACLITEM-FN-TABLE
 */
const OWNED = `
  SELECT 'pg_class'::text AS catalogue, c.oid, 0 AS part, c.relowner AS owner, c.relacl AS acl,
    (CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END)::"char" AS kind,
    -- An identity column's sequence belongs to whom the table belongs.
    NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = c.oid AND d.deptype = 'i') AS "ownOwner"
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND ${USER_SCHEMA('n')}
  UNION ALL
  SELECT 'pg_class', c.oid, a.attnum, c.relowner, a.attacl, 'c', false
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped AND c.relpersistence <> 't' AND ${USER_SCHEMA('n')}
  UNION ALL
  SELECT 'pg_proc', p.oid, 0, p.proowner, p.proacl, 'f', true
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${USER_SCHEMA('n')}
  UNION ALL
  SELECT 'pg_type', t.oid, 0, t.typowner, t.typacl, 'T', true
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  WHERE coalesce(c.relkind, 'c') = 'c' AND t.typtype <> 'm' AND ${USER_SCHEMA('n')}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
  UNION ALL
  SELECT 'pg_namespace', n.oid, 0, n.nspowner, n.nspacl, 'n', true
  FROM pg_catalog.pg_namespace n WHERE ${USER_SCHEMA('n')}
  UNION ALL
  SELECT 'pg_language', l.oid, 0, l.lanowner, l.lanacl, 'l', l.oid >= ${FIRST_USER_OID}
  FROM pg_catalog.pg_language l WHERE l.lanpltrusted
  UNION ALL
  SELECT 'pg_foreign_data_wrapper', w.oid, 0, w.fdwowner, w.fdwacl, 'F', true FROM pg_catalog.pg_foreign_data_wrapper w
  UNION ALL
  SELECT 'pg_foreign_server', s.oid, 0, s.srvowner, s.srvacl, 'S', true FROM pg_catalog.pg_foreign_server s
  UNION ALL
  SELECT 'pg_publication', p.oid, 0, p.pubowner, NULL, NULL, true FROM pg_catalog.pg_publication p
  UNION ALL
  SELECT 'pg_event_trigger', t.oid, 0, t.evtowner, NULL, NULL, t.oid >= ${FIRST_USER_OID} FROM pg_catalog.pg_event_trigger t
  UNION ALL
  SELECT 'pg_statistic_ext', s.oid, 0, s.stxowner, NULL, NULL, true FROM pg_catalog.pg_statistic_ext s
  UNION ALL
  SELECT 'pg_operator', o.oid, 0, o.oprowner, NULL, NULL, o.oid >= ${FIRST_USER_OID} FROM pg_catalog.pg_operator o
  UNION ALL
  SELECT 'pg_collation', c.oid, 0, c.collowner, NULL, NULL, c.oid >= ${FIRST_USER_OID}
  FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace WHERE ${USER_SCHEMA('n')}`;

const IDENTIFIED = `
  SELECT o.*, i.type || ' ' || i.identity AS identity,
    EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e') AS "ofExtension",
    -- What initdb or CREATE EXTENSION granted is not in a dump; everything on top of it is.
    coalesce((SELECT p.initprivs FROM pg_catalog.pg_init_privs p WHERE p.classoid = o.class AND p.objoid = o.oid AND p.objsubid = o.part),
      pg_catalog.acldefault(o.kind, o.owner)) AS baseline
  FROM (SELECT owned.*, ('pg_catalog.' || catalogue)::pg_catalog.regclass::pg_catalog.oid AS class FROM (${OWNED}) AS owned) AS o
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.class, o.oid, o.part) AS i`;

const ROLE = (oid: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(${oid})) END`;

/** Who granted is left out: a restore grants as the owner. */
const GRANTS_OF = (acl: string): string => `
  SELECT a.privilege_type || ' to ' || ${ROLE('a.grantee')} AS "grant", pg_catalog.bool_or(a.is_grantable) AS grantable
  FROM pg_catalog.aclexplode(${acl}) AS a GROUP BY 1`;

/** Who owns what, and who may do what. */
export const ACCESS: readonly InventoryQuery[] = [
  {
    kind: 'owner',
    value: 'text',
    sql: `SELECT identity, ARRAY[pg_catalog.pg_get_userbyid(owner)]::text[] AS definition
      FROM (${IDENTIFIED}) AS o WHERE "ownOwner" AND NOT "ofExtension"`,
  },
  {
    // Only what differs from the defaults, so that no access list at all and a spelt-out default are the same.
    kind: 'grant',
    value: 'text',
    sql: `SELECT o.identity || ': ' || g."grant" AS identity,
        ARRAY[CASE WHEN g.grantable THEN 'with grant option' ELSE 'granted' END]::text[] AS definition
      FROM (${IDENTIFIED}) AS o CROSS JOIN LATERAL (
        ${GRANTS_OF('o.acl')} EXCEPT ${GRANTS_OF('o.baseline')}) AS g
      WHERE o.acl IS NOT NULL`,
  },
  {
    kind: 'revoked default grant',
    value: 'text',
    sql: `SELECT o.identity || ': ' || g."grant" AS identity, ARRAY['revoked']::text[] AS definition
      FROM (${IDENTIFIED}) AS o CROSS JOIN LATERAL (
        SELECT "grant" FROM (${GRANTS_OF('o.baseline')}) b EXCEPT SELECT "grant" FROM (${GRANTS_OF('o.acl')}) a) AS g
      WHERE o.acl IS NOT NULL`,
  },
  {
    kind: 'default privilege',
    value: 'text',
    sql: `SELECT ${ROLE('d.defaclrole')} || coalesce(' in schema ' || pg_catalog.quote_ident(n.nspname), '') || ' on '
        || d.defaclobjtype::text || ': ' || g."grant" AS identity,
        ARRAY[CASE WHEN g.grantable THEN 'with grant option' ELSE 'granted' END]::text[] AS definition
      FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
      CROSS JOIN LATERAL (${GRANTS_OF('d.defaclacl')}) AS g`,
  },
];

/**
 * What belongs to the server, as far as everybody may see it: pg_authid is not readable on RDS, pg_roles is.
 * The server's predefined roles (`pg_…`) are left out.
 */
export const GLOBALS: readonly InventoryQuery[] = [
  {
    kind: 'role',
    value: 'text',
    sql: `SELECT pg_catalog.quote_ident(r.rolname) AS identity, ARRAY[pg_catalog.concat_ws(' ',
        CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END,
        CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
        CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
        CASE WHEN r.rolconnlimit >= 0 THEN 'CONNECTION LIMIT ' || r.rolconnlimit END,
        'VALID UNTIL ' || r.rolvaliduntil::text)]::text[] AS definition
      FROM pg_catalog.pg_roles r WHERE r.rolname NOT LIKE 'pg\\_%'`,
  },
  {
    kind: 'membership',
    value: 'text',
    sql: `SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.member)) || ' in '
        || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.roleid)) AS identity,
        ARRAY[CASE WHEN pg_catalog.bool_or(m.admin_option) THEN 'with admin option' ELSE 'member' END]::text[] AS definition
      FROM pg_catalog.pg_auth_members m WHERE pg_catalog.pg_get_userbyid(m.member) NOT LIKE 'pg\\_%' GROUP BY m.member, m.roleid`,
  },
  {
    kind: 'role setting',
    value: 'text',
    sql: `SELECT CASE WHEN s.setrole = 0 THEN 'everybody' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) END
        || CASE WHEN s.setdatabase = 0 THEN '' ELSE ' in this database' END
        || ': ' || pg_catalog.split_part(c.setting, '=', 1) AS identity,
        ARRAY[pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1)]::text[] AS definition
      FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
      WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))`,
  },
  {
    kind: 'database grant',
    value: 'text',
    sql: `SELECT g."grant" AS identity, ARRAY[CASE WHEN g.grantable THEN 'with grant option' ELSE 'granted' END]::text[] AS definition
      FROM pg_catalog.pg_database d CROSS JOIN LATERAL (
        ${GRANTS_OF('d.datacl')} EXCEPT ${GRANTS_OF("pg_catalog.acldefault('d', d.datdba)")}) AS g
      WHERE d.datname = pg_catalog.current_database() AND d.datacl IS NOT NULL`,
  },
];
