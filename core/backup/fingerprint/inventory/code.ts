import { FIRST_USER_OID, NOT_OF_AN_EXTENSION, USER_SCHEMA } from '../user-objects';
import type { InventoryQuery } from './query';

const identityIn = (catalogue: string, oid: string): string =>
  `(pg_catalog.pg_identify_object('pg_catalog.${catalogue}'::pg_catalog.regclass, ${oid}, 0)).identity`;

/** Functions, types and the rest of what an application defines besides tables. */
export const CODE: readonly InventoryQuery[] = [
  {
    kind: 'function',
    sql: `SELECT ${identityIn('pg_proc', 'p.oid')} AS identity, ARRAY[pg_catalog.pg_get_functiondef(p.oid)]::text[] AS definition
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.prokind <> 'a' AND ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_proc', 'p.oid')}`,
  },
  {
    kind: 'aggregate',
    sql: `SELECT ${identityIn('pg_proc', 'p.oid')} AS identity, ARRAY[
        pg_catalog.pg_get_function_arguments(p.oid), p.proparallel::text, a.aggkind::text, a.aggtransfn::text, a.aggfinalfn::text,
        a.aggcombinefn::text, a.aggserialfn::text, a.aggdeserialfn::text, a.aggmtransfn::text, a.aggminvtransfn::text,
        a.aggmfinalfn::text, a.aggfinalextra::text, a.aggmfinalextra::text, a.aggfinalmodify::text, a.aggmfinalmodify::text,
        nullif(a.aggsortop, 0)::pg_catalog.regoperator::text, pg_catalog.format_type(a.aggtranstype, NULL),
        pg_catalog.format_type(nullif(a.aggmtranstype, 0), NULL), a.agginitval, a.aggminitval]::text[] AS definition
      FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_proc', 'p.oid')}`,
  },
  {
    kind: 'type',
    // Row types come with their tables, array and multirange types with their elements.
    sql: `SELECT ${identityIn('pg_type', 't.oid')} AS identity, ARRAY[
        t.typtype::text, t.typnotnull::text, t.typdefault, pg_catalog.format_type(nullif(t.typbasetype, 0), t.typtypmod),
        CASE WHEN t.typcollation <> coalesce(b.typcollation, t.typcollation) THEN t.typcollation::pg_catalog.regcollation::text END,
        CASE WHEN t.typtype = 'b' THEN t.typinput::text || ' ' || t.typoutput::text END,
        (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
        (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
            nullif(a.attcollation, 0)::pg_catalog.regcollation::text) ORDER BY a.attnum)::text
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT pg_catalog.json_build_array(pg_catalog.format_type(r.rngsubtype, NULL), nullif(r.rngcollation, 0)::pg_catalog.regcollation::text,
            r.rngcanonical::text, r.rngsubdiff::text, pg_catalog.format_type(r.rngmultitypid, NULL))::text
          FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
      ]::text[] AS definition
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
      WHERE coalesce(c.relkind, 'c') = 'c' AND t.typtype <> 'm'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
        AND ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_type', 't.oid')}`,
  },
  {
    kind: 'extension',
    value: 'text',
    sql: `SELECT pg_catalog.quote_ident(e.extname) AS identity,
      ARRAY['version ' || e.extversion || ' in schema ' || pg_catalog.quote_ident(n.nspname)]::text[] AS definition
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace`,
  },
  {
    kind: 'event trigger',
    sql: `SELECT pg_catalog.quote_ident(t.evtname) AS identity, ARRAY[t.evtevent, t.evtenabled::text,
        t.evtfoid::pg_catalog.regprocedure::text, pg_catalog.array_to_string(t.evttags, ', ')]::text[] AS definition
      FROM pg_catalog.pg_event_trigger t
      WHERE t.oid >= ${FIRST_USER_OID} AND ${NOT_OF_AN_EXTENSION('pg_event_trigger', 't.oid')}`,
  },
  {
    kind: 'publication',
    sql: `SELECT pg_catalog.quote_ident(p.pubname) AS identity, ARRAY[
        p.puballtables::text, p.pubinsert::text, p.pubupdate::text, p.pubdelete::text, p.pubtruncate::text, p.pubviaroot::text,
        (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(r.prrelid::pg_catalog.regclass::text,
            pg_catalog.pg_get_expr(r.prqual, r.prrelid),
            (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attname) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::pg_catalog.int2[])))
            ORDER BY r.prrelid::pg_catalog.regclass::text COLLATE "C")::text
          FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid),
        (SELECT pg_catalog.json_agg(s.pnnspid::pg_catalog.regnamespace::text ORDER BY s.pnnspid::pg_catalog.regnamespace::text COLLATE "C")::text
          FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)
      ]::text[] AS definition
      FROM pg_catalog.pg_publication p`,
  },
  {
    kind: 'operator',
    sql: `SELECT ${identityIn('pg_operator', 'o.oid')} AS identity, ARRAY[o.oprcode::pg_catalog.regprocedure::text,
        nullif(o.oprcom, 0)::pg_catalog.regoperator::text, nullif(o.oprnegate, 0)::pg_catalog.regoperator::text,
        o.oprrest::text, o.oprjoin::text, o.oprcanmerge::text, o.oprcanhash::text]::text[] AS definition
      FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_operator', 'o.oid')}`,
  },
  {
    kind: 'cast',
    sql: `SELECT ${identityIn('pg_cast', 'c.oid')} AS identity, ARRAY[nullif(c.castfunc, 0)::pg_catalog.regprocedure::text,
        c.castcontext::text, c.castmethod::text]::text[] AS definition
      FROM pg_catalog.pg_cast c WHERE c.oid >= ${FIRST_USER_OID} AND ${NOT_OF_AN_EXTENSION('pg_cast', 'c.oid')}
        -- A range's cast to its multirange comes with it.
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass
          AND d.objid = c.oid AND d.deptype = 'i')`,
  },
  {
    kind: 'collation',
    sql: `SELECT ${identityIn('pg_collation', 'c.oid')} AS identity, ARRAY[c.collprovider::text, c.collisdeterministic::text,
        c.collcollate, c.collctype, coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale'),
        pg_catalog.to_jsonb(c) ->> 'collicurules']::text[] AS definition
      FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_collation', 'c.oid')}`,
  },
  {
    kind: 'text search configuration',
    sql: `SELECT ${identityIn('pg_ts_config', 'c.oid')} AS identity, ARRAY[parser.prsname, (
        SELECT pg_catalog.string_agg(m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::pg_catalog.regdictionary::text, ', '
          ORDER BY m.maptokentype, m.mapseqno) FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid)]::text[] AS definition
      FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_ts_parser parser ON parser.oid = c.cfgparser
      JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_ts_config', 'c.oid')}`,
  },
  {
    kind: 'text search dictionary',
    sql: `SELECT ${identityIn('pg_ts_dict', 'd.oid')} AS identity, ARRAY[t.tmplname, d.dictinitoption]::text[] AS definition
      FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
      JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
      WHERE ${USER_SCHEMA('n')} AND ${NOT_OF_AN_EXTENSION('pg_ts_dict', 'd.oid')}`,
  },
  {
    kind: 'foreign server',
    sql: `SELECT pg_catalog.quote_ident(s.srvname) AS identity, ARRAY[w.fdwname, s.srvtype, s.srvversion,
        pg_catalog.array_to_string(s.srvoptions, ', ')]::text[] AS definition
      FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
      WHERE ${NOT_OF_AN_EXTENSION('pg_foreign_server', 's.oid')}`,
  },
  // Rare enough that it suffices to know that they are there.
  ...Object.entries({
    'operator class': 'pg_opclass',
    'operator family': 'pg_opfamily',
    conversion: 'pg_conversion',
    language: 'pg_language',
    'foreign-data wrapper': 'pg_foreign_data_wrapper',
    'access method': 'pg_am',
    transform: 'pg_transform',
    'text search parser': 'pg_ts_parser',
    'text search template': 'pg_ts_template',
  }).map(([kind, catalogue]): InventoryQuery => ({
    kind,
    sql: `SELECT ${identityIn(catalogue, 'o.oid')} AS identity, ARRAY['']::text[] AS definition
        FROM pg_catalog.${catalogue} o WHERE o.oid >= ${FIRST_USER_OID} AND ${NOT_OF_AN_EXTENSION(catalogue, 'o.oid')}`,
  })),
  {
    kind: 'comment',
    // Those of large objects are counted with them.
    sql: `SELECT o.type || ' ' || o.identity AS identity, ARRAY[d.description]::text[] AS definition
      FROM pg_catalog.pg_description d
      CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
      WHERE (d.objoid >= ${FIRST_USER_OID} OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          AND d.objoid = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public'))
        AND d.classoid <> 'pg_catalog.pg_largeobject'::pg_catalog.regclass
        AND coalesce(o.schema, '') NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  },
];
