import { compareFingerprints, fingerprintDatabase, type Difference } from '../../../core/backup/fingerprint';
import { FingerprintServer } from './fingerprint-server';

type Named = Pick<Difference, 'severity' | 'kind' | 'object'>;

let server: FingerprintServer;

beforeAll(async () => {
  server = await FingerprintServer.start();
  await server.createSample('source');
});

afterAll(async () => {
  await server.stop();
});

/** What is said of a copy in which one thing was done. */
async function after(change: string): Promise<Named[]> {
  return server.withCopyOf('source', async (copy) => {
    await server.run(copy, change);
    const differences = await server.differences('source', copy);
    return differences.map(({ severity, kind, object }) => ({ severity, kind, object }));
  });
}

const error = (kind: string, object: string): Named => ({
  severity: 'error',
  kind,
  object,
});
const content = (name: string): Named[] => [error('content', `"app"."${name}"`)];

it('finds nothing in an exact copy', async () => {
  expect(await after('SELECT')).toEqual([]);
});

describe('in the rows of a table, finds', () => {
  it('one changed bit in one column', async () => {
    expect(
      await after(`UPDATE app.kinds SET ba = set_bit(ba, 3, 1 - get_bit(ba, 3)) WHERE id = 250`),
    ).toEqual(content('kinds'));
  });

  it('the last bit of a floating-point number', async () => {
    expect(await after(`UPDATE app.kinds SET f8 = '0.30000000000000004' WHERE id = 3`)).toEqual(
      content('kinds'),
    );
  });

  it('a missing row', async () => {
    expect(await after(`DELETE FROM app.parent WHERE a = 7 AND tableoid = 'app.parent'::regclass`)).toEqual([
      error('rows', '"app"."parent"'),
    ]);
  });

  it('a row that is there twice', async () => {
    expect(await after(`INSERT INTO app.child SELECT * FROM app.child WHERE a = 7`)).toEqual([
      error('rows', '"app"."child"'),
    ]);
  });

  it('a row that is there twice in the place of another', async () => {
    expect(
      await after(
        `DELETE FROM app.child WHERE a = 8; INSERT INTO app.child SELECT * FROM app.child WHERE a = 7`,
      ),
    ).toEqual(content('child'));
  });

  it('two values that were swapped between rows', async () => {
    expect(
      await after(
        `UPDATE app.child SET x = CASE own WHEN 'o1' THEN 't2' ELSE 't1' END WHERE own IN ('o1', 'o2')`,
      ),
    ).toEqual(content('child'));
  });

  it('two values that were swapped between columns', async () => {
    expect(await after(`UPDATE app.child SET x = own, own = x WHERE a = 7`)).toEqual(content('child'));
  });

  it('NULL where there was an empty text', async () => {
    expect(await after(`UPDATE app.kinds SET vc = NULL WHERE id = 1`)).toEqual(content('kinds'));
  });

  it.each([
    ['a trailing zero of a number', `n = 1.100 WHERE id = 1`],
    ['minus zero', `f8 = 0 WHERE f8 = 0 AND n = 1.000`],
    ['the scale of a number in jsonb', `jb = '{"b":1,"a":[1.5,null]}' WHERE id = 1`],
    ['white space in json', `j = '{"b": 1, "a":2}' WHERE id = 1`],
    ['capital letters in citext', `ct = 'mixed' WHERE id = 1`],
    ['NULL in an array, where there was an empty text', `arr2 = '{{a,"b c"},{NULL,NULL}}' WHERE id = 1`],
    ['the lower bound of an array', `arr = '{1,NULL}' WHERE id = 1`],
    ['a bound of a range', `r = '[1.5,2.5]' WHERE id = 1`],
    ['an empty text inside a composite', `a.zip = NULL WHERE id = 1`],
    ['the time zone of a time', `ttz = '11:30+05' WHERE id = 1`],
    ['an interval of the same length', `i = '28 days 03:04:05.678' WHERE id = 1`],
    ['white space at the end of a text', `status = NULL, vc = ' ' WHERE id = 1`],
  ])('%s', async (_, assignment) => {
    expect(await after(`UPDATE app.kinds SET ${assignment}`)).toEqual(content('kinds'));
  });

  it('a changed row in a partition, and says so of the partitioned table too', async () => {
    expect(await after(`UPDATE app.events SET k = 'other' WHERE id = 100`)).toEqual([
      ...content('events'),
      ...content('events_2020'),
    ]);
  });

  it('a changed byte at the end of a table that is read in ranges', async () => {
    await server.run('postgres', 'CREATE DATABASE ranges');
    await server.run(
      'ranges',
      `CREATE TABLE ranges (id int, body text);
       ALTER TABLE ranges ALTER body SET STORAGE EXTERNAL;
       INSERT INTO ranges SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 24000) g`,
    );
    const statements: number[] = [];
    const endpoint = server.endpoint('ranges');
    const before = await fingerprintDatabase({
      endpoint,
      onProgress: ({ totalBytes }) => statements.push(totalBytes),
    });
    // More than one range's 64 MiB.
    expect(statements[0]).toBeGreaterThan(70_000_000);
    await server.run(
      'ranges',
      `UPDATE ranges SET body = overlay(body PLACING 'x' FROM 3000) WHERE id = 24000`,
    );
    const differences = compareFingerprints(before, await fingerprintDatabase({ endpoint }));
    expect(differences.map(({ kind, object }) => `${kind} ${object}`)).toEqual(['content "public"."ranges"']);
  });

  it('a row without columns', async () => {
    expect(await after('INSERT INTO app.no_columns SELECT')).toEqual([error('rows', '"app"."no_columns"')]);
  });

  it('the last of 1600 columns', async () => {
    expect(await after('UPDATE app.wide SET c1600 = 0')).toEqual(content('wide'));
  });

  it('a change in a table whose name needs quotes', async () => {
    expect(
      await after(`UPDATE "Größe ""x"" 世界"."Tab le ""q""" SET "Spal te" = '' WHERE "Spal te" IS NULL`),
    ).toEqual([error('content', '"Größe ""x"" 世界"."Tab le ""q"""')]);
  });
});

describe('beside the tables, finds', () => {
  it('a sequence that moved', async () => {
    expect(await after(`SELECT nextval('app.numbers')`)).toEqual([error('sequence', '"app"."numbers"')]);
  });

  it('a large object that changed, by its number', async () => {
    expect(await after(`SELECT lo_put(4343, 2500000, 'x')`)).toEqual([error('large object', '4343')]);
  });

  it('a large object that is missing, and one that lost its grant', async () => {
    expect(await after(`SELECT lo_unlink(777)`)).toEqual([error('large object', '777')]);
    expect(await after('REVOKE SELECT ON LARGE OBJECT 4242 FROM reporting')).toEqual([
      error('large object attributes', 'all large objects'),
    ]);
  });
});

describe('in the schema, names', () => {
  it.each<[string, string, [kind: string, object: string][]]>([
    ['a missing index', 'DROP INDEX app.kinds_lower', [['index', 'app.kinds_lower']]],
    [
      'a changed function body',
      `CREATE OR REPLACE FUNCTION app.upper_x() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$`,
      [['function', 'app.upper_x()']],
    ],
    [
      'a lost grant',
      'REVOKE SELECT ON app.orders FROM PUBLIC',
      [['grant', 'view app.orders: SELECT to PUBLIC']],
    ],
    [
      'a lost grant on a column',
      'REVOKE INSERT (m) ON app.kinds FROM reporting',
      [['grant', 'table column app.kinds.m: INSERT to reporting']],
    ],
    [
      'a grant that lost its grant option',
      'REVOKE GRANT OPTION FOR SELECT ON app.kinds FROM reporting',
      [['grant', 'table app.kinds: SELECT to reporting']],
    ],
    [
      'a default grant that came back',
      'GRANT EXECUTE ON FUNCTION app.listing TO PUBLIC',
      [
        [
          'revoked default grant',
          'function app.listing(integer,pg_catalog.text,integer[]): EXECUTE to PUBLIC',
        ],
      ],
    ],
    [
      'lost default privileges',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM reporting',
      [['default privilege', 'golive_admin in schema app on r: SELECT to reporting']],
    ],
    ['another owner', 'ALTER VIEW app.everything OWNER TO golive_admin', [['owner', 'view app.everything']]],
    ['a lost comment', 'COMMENT ON COLUMN app.kinds.m IS NULL', [['comment', 'table column app.kinds.m']]],
    [
      'a changed default',
      'ALTER TABLE app.parent ALTER later SET DEFAULT 8',
      [
        ['column', 'app.child.later'],
        ['column', 'app.parent.later'],
      ],
    ],
    [
      'a lost NOT NULL',
      'ALTER TABLE app.events_2021 ALTER k SET NOT NULL',
      [['column', 'app.events_2021.k']],
    ],
    [
      'another value that a constraint allows',
      `ALTER TABLE app.kinds DROP CONSTRAINT kinds_status_check, ADD CONSTRAINT kinds_status_check
         CHECK (status IN ('new', 'paid', 'lost'))`,
      [['constraint', 'kinds_status_check on app.kinds']],
    ],
    [
      'a trigger that was switched on',
      'ALTER TABLE app.parent ENABLE TRIGGER upper_x',
      [['trigger', 'upper_x on app.parent']],
    ],
    [
      'a changed policy',
      'ALTER POLICY own_kinds ON app.kinds USING (true)',
      [['policy', 'own_kinds on app.kinds']],
    ],
    [
      'row-level security that was switched off',
      'ALTER TABLE app.kinds DISABLE ROW LEVEL SECURITY',
      [['table', 'app.kinds']],
    ],
    [
      'a changed view',
      `CREATE OR REPLACE VIEW app.everything WITH (security_invoker) AS SELECT * FROM app.orders NATURAL JOIN app.parent p
         WHERE p.a IN (1, 2, 3) AND EXISTS (SELECT 1 FROM ONLY app.parent WHERE x LIKE 'p%')`,
      [['view', 'app.everything']],
    ],
    [
      'a materialised view that was not refreshed',
      'REFRESH MATERIALIZED VIEW app.totals WITH NO DATA',
      [['materialized view', 'app.totals']],
    ],
    [`an enum's new label`, `ALTER TYPE app.mood ADD VALUE 'new'`, [['type', 'app.mood']]],
    ["a sequence's new step", 'ALTER SEQUENCE app.numbers INCREMENT 4', [['sequence', 'app.numbers']]],
    [
      'an extension that is missing',
      'DROP EXTENSION pg_trgm',
      [
        ['comment', 'extension pg_trgm'],
        ['extension', 'pg_trgm'],
      ],
    ],
    [
      'missing statistics',
      'ALTER STATISTICS app.parent_stats SET STATISTICS 7',
      [['statistics', 'app.parent_stats']],
    ],
  ])('%s', async (_, change, named) => {
    expect(await after(change)).toEqual(named.map(([kind, object]) => error(kind, object)));
  });
});
