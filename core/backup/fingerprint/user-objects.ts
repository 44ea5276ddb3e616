/**
 * Which of the catalogue's objects are the user's, as pg_dump sees it: not the server's own, not temporary, and
 * not a part of an extension, because CREATE EXTENSION brings those back.
 */

/** Oids below this are given out by initdb. https://www.postgresql.org/docs/17/system-catalog-initial-data.html */
export const FIRST_USER_OID = 16_384;

/** @param namespace the alias of pg_namespace in the query */
export const USER_SCHEMA = (namespace: string): string =>
  `${namespace}.nspname <> 'information_schema' AND ${namespace}.nspname NOT LIKE 'pg\\_%'`;

/**
 * @param catalogue the object's system catalogue, such as `pg_class`
 * @param oid the expression of its oid
 */
export const NOT_OF_AN_EXTENSION = (catalogue: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend ext WHERE ext.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass
    AND ext.objid = ${oid} AND ext.deptype = 'e')`;
