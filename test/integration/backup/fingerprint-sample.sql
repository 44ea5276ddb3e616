-- A database that holds one of everything that PostgreSQL's own extensions and types offer, and every shape of
-- table that has ever surprised a dump. Made by a master user who is not a superuser.

CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION ltree;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION "uuid-ossp";

CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA "Größe ""x"" 世界";

-- Types ---------------------------------------------------------------------------------------------------------
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
ALTER TYPE app.mood ADD VALUE 'meh' BEFORE 'ok';
CREATE DOMAIN app.email AS citext CHECK (value ~ '@');
CREATE DOMAIN app.blob AS bytea;
CREATE TYPE app.address AS (street text, zip varchar(10), pos point);
CREATE TYPE app.float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE COLLATION app.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- Every type ------------------------------------------------------------------------------------------------------
CREATE TABLE app.kinds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  m app.mood, ms app.mood[], e app.email, bl app.blob, a app.address, aa app.address[], r app.float_range,
  tr tstzrange, mr int4multirange, f4 real, f8 double precision, n numeric, n2 numeric(10, 4), j json, jb jsonb,
  x xml, h hstore, ct citext, l ltree, rc regclass, rp regprocedure, o oid, c "char", bp char(5), vc varchar(10),
  i interval, t time, ttz timetz, ts timestamp, tstz timestamptz, d date, mo money, u uuid, ip inet, ci cidr,
  mac macaddr, b bit(5), vb varbit, pt point, pg polygon, pa path, bx box, ln line, ls lseg, cl circle,
  tv tsvector, tq tsquery, arr int[], arr2 text[][], nm name, ba bytea, bool boolean, lsn pg_lsn, sn pg_snapshot,
  jp jsonpath, acl aclitem, gen numeric GENERATED ALWAYS AS (n2 * 2) STORED,
  dropped int,
  status varchar(20) CHECK (status IN ('new', 'paid', 'sh''ip,[ped')),
  st2 char(3) DEFAULT 'abc' CHECK (st2 IN ('abc', 'd"f')),
  CHECK (n2 > 0 OR n2 IS NULL)
);
ALTER TABLE app.kinds DROP COLUMN dropped;
INSERT INTO app.kinds (m, ms, e, bl, a, aa, r, tr, mr, f4, f8, n, n2, j, jb, x, h, ct, l, rc, rp, o, c, bp, vc, i, t,
  ttz, ts, tstz, d, mo, u, ip, ci, mac, b, vb, pt, pg, pa, bx, ln, ls, cl, tv, tq, arr, arr2, nm, ba, bool, lsn, sn,
  jp, acl, status)
SELECT 'meh', '{sad,happy}', 'A@b.c', '\x0001ff', row('a "q" \ s', '', point(1.1, 2))::app.address,
  array[row('x', NULL, NULL)::app.address], '[1.5,2.5)', tstzrange(now(), NULL), '{[1,3),[5,8)}', 0.1::real * g,
  0.1 * g + 1e-17, g * 1.10, 3.14, '{"b": 1,  "a":2}', '{"b":1,"a":[1.50,null]}', '<a>ü</a>', 'z=>1,a=>NULL',
  'MiXed', 'a.b.c', 'app.kinds', 'pg_catalog.length(text)', g, 'x', 'ab', '', '1 mon -2 days 03:04:05.678',
  '12:34:56.789', '12:00+05:30', now(), now(), '2020-02-29', '12.34', gen_random_uuid(), '10.0.0.1/8', '10.0.0.0/8',
  '08:00:2b:01:02:03', B'10101', B'1', point(g, 1.0 / 3), '((0,0),(1,1),(2,0))', '[(0,0),(1,1)]', '(1,1),(0,0)',
  '{1,2,3}', '[(0,0),(1,1)]', '<(0,0),1>', 'fat:1A cat:3', to_tsquery('simple', 'fat & rat'), '[0:1]={1,NULL}',
  '{{a,"b c"},{"",NULL}}', 'n', '\xdeadbeef', true, '16/B374D848', '10:20:10,14,15', '$.a[*]', 'app_owner=r/app_owner',
  'paid'
FROM generate_series(1, 500) g;
INSERT INTO app.kinds DEFAULT VALUES;
INSERT INTO app.kinds (f4, f8, n) VALUES ('NaN', '-Infinity', 'NaN'), ('-0', '-0', '1.000'), ('1e-45', '1e308', 'Infinity');
CREATE INDEX kinds_unpaid ON app.kinds (vc) WHERE status IN ('new', 'paid');
CREATE INDEX kinds_lower ON app.kinds (lower(vc), (n2 + 1)) INCLUDE (f8);
CREATE TABLE app.no_case_table (t text COLLATE app.no_case);
INSERT INTO app.no_case_table VALUES ('a'), ('A');

-- Every shape of table --------------------------------------------------------------------------------------------
-- The child's own column comes before the parent's later one, which pg_dump cannot keep.
CREATE TABLE app.parent (a int, x text);
CREATE TABLE app.child (own text) INHERITS (app.parent);
ALTER TABLE app.parent ADD COLUMN later int DEFAULT 7;
INSERT INTO app.child (a, x, own, later) SELECT g, 't' || g, 'o' || g, g % 3 FROM generate_series(1, 100) g;
INSERT INTO app.parent SELECT g, 'p', g FROM generate_series(1, 50) g;

CREATE TABLE app.events (id bigint, at date, k text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.events_2020 PARTITION OF app.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.events_2021 (k text, at date NOT NULL, dropped int, id bigint NOT NULL);
ALTER TABLE app.events_2021 DROP COLUMN dropped;
ALTER TABLE app.events ATTACH PARTITION app.events_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT PARTITION BY HASH (id);
CREATE TABLE app.events_rest_0 PARTITION OF app.events_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.events_rest_1 PARTITION OF app.events_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.events SELECT g, date '2020-01-01' + g % 1200, 'k' || g FROM generate_series(1, 5000) g;
CREATE INDEX events_k ON app.events (k);
CREATE TABLE app.refs (
  id serial PRIMARY KEY, event bigint, at date, kind bigint REFERENCES app.kinds DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (event, at) REFERENCES app.events ON DELETE CASCADE
);

CREATE TABLE app.empty ();
CREATE TABLE app.no_columns ();
INSERT INTO app.no_columns SELECT FROM generate_series(1, 7);
CREATE UNLOGGED TABLE app.cache AS SELECT 1 AS a;
CREATE TABLE "Größe ""x"" 世界"."Tab le ""q""" (
  "Spal te" text COLLATE "C",
  "Ünï" int GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT -5 MINVALUE -1000 MAXVALUE 100 CYCLE)
);
INSERT INTO "Größe ""x"" 世界"."Tab le ""q""" VALUES ('it''s'), (NULL), ('');
DO $$ BEGIN
  -- Without defaults: pg_dump would take ten seconds to print 1,600 of one table.
  EXECUTE (SELECT 'CREATE TABLE app.wide (' || string_agg('c' || g || ' int', ', ') || ')'
           FROM generate_series(1, 1600) g);
  EXECUTE (SELECT 'INSERT INTO app.wide VALUES (' || string_agg(g::text, ', ') || ')'
           FROM generate_series(1, 1600) g);
END $$;
-- Its values lie outside of the rows.
CREATE TABLE app.large (id int, body text);
ALTER TABLE app.large ALTER body SET STORAGE EXTERNAL;
INSERT INTO app.large SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 600) g;

-- What hangs on them ----------------------------------------------------------------------------------------------
CREATE VIEW app.orders WITH (security_barrier) AS
  SELECT k.id, k.status, CASE WHEN k.status IN ('new', 'paid') THEN 'a'::varchar ELSE 'b' END AS s,
    coalesce(k.vc, 'x') AS c, count(*) OVER ()
  FROM app.kinds k LEFT JOIN app.refs r ON r.kind = k.id
  WHERE k.vc IN ('a', 'b') OR k.tstz > '2020-01-01' OR k.i > interval '1 day' OR k.m = ANY ('{sad,ok}'::app.mood[]);
CREATE VIEW app.everything AS
  SELECT * FROM app.orders NATURAL JOIN app.parent p
  WHERE p.a IN (1, 2, 3) AND EXISTS (SELECT 1 FROM ONLY app.parent WHERE x LIKE 'p%');
CREATE MATERIALIZED VIEW app.totals AS SELECT status, sum(n2) FROM app.kinds GROUP BY 1;
CREATE UNIQUE INDEX totals_status ON app.totals (status);
CREATE MATERIALIZED VIEW app.unpopulated AS SELECT 1 AS a WITH NO DATA;
CREATE FUNCTION app.listing(a int, b text DEFAULT 'x' || 'y', VARIADIC c int[] DEFAULT '{}') RETURNS TABLE (z int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, public SET work_mem = '64MB'
  AS $_$ SELECT 1 WHERE b IN ('q', 'r') $_$;
CREATE FUNCTION app.upper_x() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.x := upper(new.x); RETURN new; END $$;
CREATE FUNCTION app.atomic(a int) RETURNS int LANGUAGE sql
  BEGIN ATOMIC SELECT a + 1; SELECT count(*)::int FROM app.parent WHERE x IN ('a', 'b'); END;
CREATE PROCEDURE app.set_one(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0', parallel = safe);
CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = OPERATOR(app.===));
CREATE CAST (app.address AS text) WITH INOUT AS ASSIGNMENT;
CREATE TRIGGER upper_x BEFORE INSERT OR UPDATE OF x ON app.parent
  FOR EACH ROW WHEN (new.x IS DISTINCT FROM 'zz') EXECUTE FUNCTION app.upper_x();
ALTER TABLE app.parent DISABLE TRIGGER upper_x;
CREATE TRIGGER every_event AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.upper_x();
CREATE RULE keep AS ON DELETE TO app.cache DO INSTEAD NOTHING;
ALTER TABLE app.kinds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_kinds ON app.kinds FOR SELECT TO reporting, app_owner
  USING (status IN ('new', 'paid') AND vc = current_user);
CREATE STATISTICS app.parent_stats (dependencies, mcv) ON a, x FROM app.parent;
CREATE TEXT SEARCH CONFIGURATION app.search (COPY = simple);
CREATE SEQUENCE app.numbers AS smallint INCREMENT 3 CACHE 5;
SELECT nextval('app.numbers'), nextval('app.numbers');

COMMENT ON TABLE app.kinds IS 'it''s everything';
COMMENT ON COLUMN app.kinds.m IS 'mood';
COMMENT ON FUNCTION app.listing IS 'a function';
COMMENT ON INDEX app.kinds_unpaid IS 'an index';
COMMENT ON CONSTRAINT kinds_pkey ON app.kinds IS 'a key';
COMMENT ON TRIGGER upper_x ON app.parent IS 'a trigger';
COMMENT ON TYPE app.mood IS 'a type';

SELECT lo_from_bytea(4242, 'hello'), lo_from_bytea(4343, decode(repeat('ab', 3000000), 'hex')), lo_create(777);
GRANT SELECT ON LARGE OBJECT 4242 TO reporting;
COMMENT ON LARGE OBJECT 777 IS 'empty';

-- Who may do what -------------------------------------------------------------------------------------------------
GRANT USAGE ON SCHEMA app TO reporting;
GRANT SELECT, INSERT (m, e), UPDATE (status) ON app.kinds TO reporting WITH GRANT OPTION;
GRANT SELECT ON app.orders TO PUBLIC;
GRANT EXECUTE ON FUNCTION app.listing TO reporting;
REVOKE EXECUTE ON FUNCTION app.listing FROM PUBLIC;
GRANT USAGE ON SEQUENCE app.numbers TO reporting;
REVOKE USAGE ON TYPE app.mood FROM PUBLIC;
GRANT USAGE ON TYPE app.mood TO reporting;
REVOKE EXECUTE ON FUNCTION public.hstore(text, text) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reporting;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER TABLE app.parent OWNER TO app_owner;
ALTER TABLE app.refs OWNER TO app_owner;
ALTER VIEW app.everything OWNER TO app_owner;
