import { NOT_OF_AN_EXTENSION, USER_SCHEMA } from '../user-objects';
import type { InventoryQuery } from './query';

const USERS_RELATION = `${USER_SCHEMA('n')} AND c.relpersistence <> 't' AND ${NOT_OF_AN_EXTENSION('pg_class', 'c.oid')}`;
const IDENTITY = `(pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0)).identity`;
const SORTED = (options: string): string =>
  `(SELECT pg_catalog.string_agg(o, ', ' ORDER BY o COLLATE "C") FROM pg_catalog.unnest(${options}) AS o)`;

/** Tables and what hangs on them. Physical choices that a restore may make otherwise, such as tablespaces, are left out. */
export const RELATIONS: readonly InventoryQuery[] = [
  {
    kind: 'schema',
    sql: `SELECT pg_catalog.quote_ident(n.nspname) AS identity, ARRAY['']::text[] AS definition FROM pg_catalog.pg_namespace n
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_namespace', 'n.oid')}`,
  },
  {
    kind: 'table',
    sql: `SELECT ${IDENTITY} AS identity, ARRAY[
        c.relkind::text, c.relpersistence::text, c.relrowsecurity::text, c.relforcerowsecurity::text, c.relreplident::text,
        am.amname, ${SORTED('c.reloptions')}, ${SORTED('toast.reloptions')},
        pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid),
        (SELECT pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ', ' ORDER BY i.inhseqno)
          FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
        nullif(c.reloftype, 0)::pg_catalog.regtype::text, s.srvname, ${SORTED('f.ftoptions')}
      ]::text[] AS definition
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
      LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
      LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
      LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
      WHERE c.relkind IN ('r', 'p', 'f') AND ${USERS_RELATION}`,
  },
  {
    kind: 'column',
    // Only a generated column's expression names others; to know their names costs the square of their number.
    // pg_dump may change the position of columns in a table that inherits; elsewhere it is part of the table.
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, a.attnum)).identity AS identity,
      ARRAY[
        CASE WHEN c.relispartition OR NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
          THEN (pg_catalog.row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum))::text END,
        pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attidentity::text, a.attgenerated::text,
        pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END),
        CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END,
        nullif(a.attstorage, t.typstorage)::text, a.attcompression::text,
        nullif(pg_catalog.to_jsonb(a) ->> 'attstattarget', '-1'),
        ${SORTED('a.attoptions')}, ${SORTED('a.attfdwoptions')}
      ]::text[] AS definition
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relkind IN ('r', 'p', 'f') AND ${USERS_RELATION}`,
  },
  {
    kind: 'constraint',
    // The copies of a foreign key on partitions come with the original; the server may name them otherwise.
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0)).identity AS identity,
      ARRAY[pg_catalog.pg_get_constraintdef(k.oid), k.convalidated::text]::text[] AS definition
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND NOT (k.contype = 'f' AND k.conparentid <> 0)
        AND ${USER_SCHEMA('n')} AND coalesce(c.relpersistence, 'p') <> 't'
        AND ${NOT_OF_AN_EXTENSION('pg_class', 'k.conrelid')} AND ${NOT_OF_AN_EXTENSION('pg_type', 'k.contypid')}`,
  },
  ...[true, false].map((valid): InventoryQuery => ({
    // pg_dump leaves out an index that CREATE INDEX CONCURRENTLY did not complete.
    kind: valid ? 'index' : 'invalid index',
    sql: `SELECT ${IDENTITY} AS identity, ARRAY[
          pg_catalog.pg_get_indexdef(c.oid), i.indisclustered::text, i.indisreplident::text,
          (SELECT h.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
        ]::text[] AS definition
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (i.indisvalid OR c.relkind = 'I') IS ${valid} AND ${USER_SCHEMA('n')} AND c.relpersistence <> 't'
          AND ${NOT_OF_AN_EXTENSION('pg_class', 'i.indrelid')}`,
  })),
  {
    kind: 'view',
    sql: `SELECT ${IDENTITY} AS identity, ARRAY[pg_catalog.pg_get_viewdef(c.oid), ${SORTED('c.reloptions')}]::text[] AS definition
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'v' AND ${USERS_RELATION}`,
  },
  {
    kind: 'materialized view',
    // Its rows are not part of a dump, which refreshes it; whether it has any is.
    sql: `SELECT ${IDENTITY} AS identity, ARRAY[
        pg_catalog.pg_get_viewdef(c.oid), ${SORTED('c.reloptions')}, c.relispopulated::text]::text[] AS definition
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'm' AND ${USERS_RELATION}`,
  },
  {
    kind: 'rule',
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, 0)).identity AS identity,
      ARRAY[pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled::text]::text[] AS definition
      FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE r.rulename <> '_RETURN' AND ${USERS_RELATION}`,
  },
  {
    kind: 'trigger',
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, 0)).identity AS identity,
      ARRAY[pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled::text]::text[] AS definition
      FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${USERS_RELATION}`,
  },
  {
    kind: 'policy',
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, 0)).identity AS identity,
      ARRAY[p.polcmd::text, p.polpermissive::text, (
          SELECT pg_catalog.string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(r)::text END, ', '
            ORDER BY pg_catalog.pg_get_userbyid(r)::text COLLATE "C") FROM pg_catalog.unnest(p.polroles) AS r),
        pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)]::text[] AS definition
      FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE ${USERS_RELATION}`,
  },
  {
    kind: 'sequence',
    sql: `SELECT ${IDENTITY} AS identity, ARRAY[
        c.relpersistence::text, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart::text, s.seqincrement::text, s.seqmin::text,
        s.seqmax::text, s.seqcache::text, s.seqcycle::text,
        (SELECT (pg_catalog.pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid)).identity
          FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i'))
      ]::text[] AS definition
      FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE ${USERS_RELATION}`,
  },
  {
    kind: 'statistics',
    sql: `SELECT (pg_catalog.pg_identify_object('pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, 0)).identity AS identity,
      ARRAY[pg_catalog.pg_get_statisticsobjdef(s.oid), nullif(pg_catalog.to_jsonb(s) ->> 'stxstattarget', '-1')]::text[] AS definition
      FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_statistic_ext', 's.oid')}`,
  },
];
