import fc from 'fast-check';
import type { Difference } from '../../../core/backup/fingerprint';
import { FingerprintServer } from './fingerprint-server';

let server: FingerprintServer;

beforeAll(async () => {
  server = await FingerprintServer.start();
  await server.createSample('source');
});

afterAll(async () => {
  await server.stop();
});

/** What is said of a copy after a change that keeps what the database holds. */
async function after(change: string): Promise<Difference[]> {
  return server.withCopyOf('source', async (copy) => {
    // Statement by statement: some of these refuse to run in a transaction.
    for (const statement of change.split(';')) await server.run(copy, statement);
    return server.differences('source', copy);
  });
}

describe('stays quiet after', () => {
  it('a dump and its restore into another database', async () => {
    await server.dumpAndRestore('source', 'restored');
    expect(await server.differences('source', 'restored')).toEqual([]);
    // What the restore wrote is itself dumped and restored without a difference.
    await server.dumpAndRestore('restored', 'restored_again');
    expect(await server.differences('source', 'restored_again')).toEqual([]);
  });

  it('another physical order by CLUSTER', async () => {
    expect(
      // CLUSTER remembers its index, as pg_dump does; forgetting it again leaves only the order.
      await after(
        `CREATE INDEX backwards ON app.kinds (id DESC); CLUSTER app.kinds USING backwards; DROP INDEX app.backwards`,
      ),
    ).toEqual([]);
  });

  it('another physical order by writing every row again', async () => {
    expect(
      await after(`CREATE TABLE app.kept AS SELECT * FROM app.large; TRUNCATE app.large;
        INSERT INTO app.large SELECT * FROM app.kept ORDER BY body; DROP TABLE app.kept`),
    ).toEqual([]);
  });

  it.each([
    ['another time zone', `SET timezone = 'Asia/Kathmandu'`],
    ['another DateStyle', `SET datestyle = 'SQL, DMY'`],
    ['another IntervalStyle', `SET intervalstyle = 'iso_8601'`],
    ['fewer digits for floating-point numbers', 'SET extra_float_digits = -15'],
    ['another output of bytea', `SET bytea_output = 'escape'`],
    ['another search path', 'SET search_path = app, public'],
    ['names that are always quoted', 'SET quote_all_identifiers = on'],
    ['a short statement timeout', `SET statement_timeout = '1ms'`],
  ])('%s for everybody who connects', async (_, setting) => {
    const differences = await server.withCopyOf('source', async (copy) => {
      await server.run('postgres', `ALTER DATABASE ${copy} ${setting}`);
      return server.differences('source', copy);
    });
    // That the setting itself is another is said, as a warning.
    expect(differences.filter(({ severity }) => severity !== 'warning')).toEqual([]);
    expect(differences.some(({ kind }) => kind === 'role setting')).toBe(true);
  });

  it('a rebuilt index', async () => {
    expect(await after('REINDEX TABLE app.kinds; REINDEX INDEX CONCURRENTLY app.kinds_lower')).toEqual([]);
  });

  it('VACUUM FULL and ANALYZE', async () => {
    expect(await after('VACUUM (FULL, ANALYZE) app.kinds; VACUUM FULL app.large; ANALYZE')).toEqual([]);
  });

  it('an update that changes nothing', async () => {
    expect(await after(`UPDATE app.kinds SET n = n; UPDATE app.large SET id = id WHERE id % 2 = 0`)).toEqual(
      [],
    );
  });

  it('a grant that was given and taken back', async () => {
    expect(
      await after(`GRANT SELECT ON app.large TO reporting; REVOKE SELECT ON app.large FROM reporting;
        GRANT ALL ON app.large TO golive_admin`),
    ).toEqual([]);
  });
});

it('tells tables apart exactly when their rows differ, whatever the rows are and in whatever order', async () => {
  const value = fc.option(
    fc.string({ unit: 'grapheme', maxLength: 4 }).filter((text) => !text.includes('\0')),
    { freq: 3 },
  );
  const row = fc.tuple(value, value);
  const rows = fc.array(row, { maxLength: 6 });
  const sorted = (some: readonly unknown[]): string[] => some.map((one) => JSON.stringify(one)).sort();
  await server.run('postgres', 'CREATE DATABASE property_a');
  await server.run('postgres', 'CREATE DATABASE property_b');
  for (const name of ['property_a', 'property_b']) await server.run(name, 'CREATE TABLE t (a text, b text)');
  const fill = async (
    name: string,
    content: readonly (readonly [string | null, string | null])[],
  ): Promise<void> => {
    await server.postgres.query(server.endpoint(name), async (client) => {
      await client.query('TRUNCATE t');
      await client.query('INSERT INTO t SELECT * FROM unnest($1::text[], $2::text[])', [
        content.map(([a]) => a),
        content.map(([, b]) => b),
      ]);
    });
  };
  await fc.assert(
    fc.asyncProperty(rows, rows, fc.boolean(), async (one, other, shuffled) => {
      const second = shuffled ? one.toReversed() : other;
      await fill('property_a', one);
      await fill('property_b', second);
      const same = sorted(one).join('\n') === sorted(second).join('\n');
      expect((await server.freshDifferences('property_a', 'property_b')).length === 0).toBe(same);
    }),
    { numRuns: 25 },
  );
});
