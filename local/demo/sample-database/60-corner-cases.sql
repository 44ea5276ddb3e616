-- Corner cases: odd names, and values at the edge of their types

CREATE SCHEMA "Größe & Maße; ""DROP""";
CREATE TABLE "Größe & Maße; ""DROP"""."таблица 'один'" (
  "the ""id"" of it" int PRIMARY KEY,
  "select" text,
  "名前" text UNIQUE,
  "a.b" text,
  " leading and trailing " text
);
INSERT INTO "Größe & Maße; ""DROP"""."таблица 'один'"
SELECT n, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '\N' ELSE 'NULL' END, '名前' || n, E'\\.', ' '
FROM generate_series(1, 1000) AS n;
CREATE INDEX "índice ""raro""" ON "Größe & Maße; ""DROP"""."таблица 'один'" (lower("select"));
CREATE SEQUENCE "Größe & Maße; ""DROP"""."счётчик" START 500 INCREMENT -5 MINVALUE -100 MAXVALUE 1000 CYCLE;
SELECT nextval('"Größe & Maße; ""DROP"""."счётчик"') FROM generate_series(1, 7);
CREATE SEQUENCE public.never_used;
CREATE SEQUENCE public.far_along AS bigint START 9223372036854775000;
SELECT nextval('public.far_along');

CREATE TABLE public.edges (
  label text PRIMARY KEY,
  whole bigint, small smallint, exact numeric, double double precision, single real,
  day date, instant timestamptz, local_time timestamp, span interval, clock timetz,
  bits bit varying, raw bytea, ids int[], place point, shape polygon, hardware macaddr8, wal pg_lsn,
  words tsvector, question tsquery, price billing.price_range, prices billing.price_ranges,
  padded char(10), symbol "char", path jsonpath
);

INSERT INTO public.edges VALUES
  ('largest', 9223372036854775807, 32767, repeat('9', 1000)::numeric, 1.7976931348623157e308, 3.4028235e38,
   'infinity', 'infinity', '294276-12-31 23:59:59.999999', interval '178000000 years', '23:59:59.999999-15:59',
   repeat('10', 500)::bit varying, decode(repeat('00ff', 500), 'hex'), ARRAY[2147483647, NULL, -2147483648],
   point(1e300, -1e300), '((0,0),(1e-10,1),(1,1))', 'ff:ff:ff:ff:ff:ff:ff:ff', 'FFFFFFFF/FFFFFFFF',
   to_tsvector('simple', 'the quick ''brown'' fox'), 'quick & !(slow | brown)', '(,9.99]', '{[1,2),[3,)}',
   'padded', 'x', '$.items[*] ? (@.price > 10)'),
  ('smallest', -9223372036854775808, -32768, ('-0.' || repeat('0', 900) || '1')::numeric, 5e-324, 1e-45,
   '-infinity', '-infinity', '4713-01-01 00:00:00 BC', interval '-178000000 years', '00:00:00+15:59',
   B'', '', '{}', point('-0', 0), '((0,0))', '00:00:00:00:00:00:00:00', '0/0', '', '', 'empty', '{}', '', '', '$'),
  ('not a number', 0, 0, 'NaN', 'NaN', 'NaN', '0001-01-01 BC', '2000-02-29 23:59:60+00', '2024-12-31 24:00:00',
   interval '1 mon -1 day 00:00:00.000001', '24:00:00', B'1', '\xdeadbeef', '[5:7]={1,2,3}', point('NaN', 'Infinity'),
   '((-1,-1),(1,1))', '08:00:2b:01:02:03:04:05', '16/B374D848', 'a:1A b:2B', '''it''''s''', '[1.10,1.100]', '{[1,1]}',
   'trailing  ', '\', '$.**'),
  ('infinite', 1, 1, 'Infinity', '-Infinity', '-Infinity', '5874897-12-31', '1883-11-18 12:03:58-07:52:58',
   'epoch', interval '0', '12:00:00.5+00:00:01', B'0', '\x00', ARRAY[]::int[], point(0.1, 0.2), '((0.1,0.2),(0.3,0.30000000000000004))',
   '00:00:00:ff:fe:00:00:01', 'A/A', 'x', 'x:*', '(1,2)', '{(1,2),(5,6)}', NULL, NULL, 'strict $.a'),
  ('negative zero', -1, -1, 0.000, '-0', '-0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('trailing zeros', 1, 1, 1.5000, 0.1, 0.1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns SELECT FROM generate_series(1, 3);
CREATE TABLE public.dropped_column (first int, gone text, last text DEFAULT 'late');
INSERT INTO public.dropped_column SELECT n, 'gone', NULL FROM generate_series(1, 100) AS n;
ALTER TABLE public.dropped_column DROP COLUMN gone;
ALTER TABLE public.dropped_column ADD COLUMN added int NOT NULL DEFAULT 42;
CREATE TABLE public.parent (id int PRIMARY KEY, kind text);
CREATE TABLE public.child (extra text) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1, 'parent');
INSERT INTO public.child VALUES (2, 'child', 'own column');
ALTER TABLE public.child ADD CONSTRAINT unchecked CHECK (id > 2) NOT VALID;
CREATE TABLE public.one_row_of_two_megabytes (content text);
INSERT INTO public.one_row_of_two_megabytes SELECT encode(public.noise(77, 16384), 'hex');
