import { proveSmoke } from '../../../core/backup/verify/smoke';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { until } from '../../support/processes';

describe('the team’s own questions to a restored database', () => {
  let postgres: LocalPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.query(postgres.master, (client) =>
      client.query('CREATE SEQUENCE numbers; CREATE TABLE orders AS SELECT generate_series(1, 3) AS id'),
    );
  }, 120_000);
  afterAll(() => postgres.stop());

  const ask = (...sql: string[]) =>
    proveSmoke(
      postgres.master,
      sql.map((text, index) => ({ name: `question ${index + 1}`, sql: text })),
      { statementTimeoutMs: 300 },
    );

  test.each([
    'SELECT count(*) = 3 FROM orders',
    'SELECT true, 7;',
    'WITH o AS (SELECT * FROM orders) SELECT max(id) = 3 FROM o -- with a remark',
    'VALUES (true)',
  ])('%s is answered with yes', async (sql) => {
    expect(await ask(sql)).toEqual({ status: 'passed', detail: 'true: question 1' });
  });

  test.each([
    ['SELECT false', /it is false/],
    ['SELECT NULL::boolean', /no true: NULL/],
    [`SELECT 'true'`, /no true: of type string/],
    ['SELECT 1', /no true: of type number/],
    ['SELECT true WHERE false', /no row/],
    ['SELECT true FROM orders', /more than one row/],
    ['SELECT true FROM generate_series(1, 1000000000)', /more than one row|timeout/],
    ['SELECT FROM orders WHERE id = 1', /no true: of type undefined/],
    ['SELECT true FROM no_such_table', /no_such_table/],
    ['SELECT 1 / 0 = 1', /division by zero/],
    ['SELECT pg_sleep(60) IS NOT NULL', /statement timeout/],
    ['this is no SQL', /syntax error/],
    ['', /syntax error/],
    ['COMMIT', /syntax error/],
    ['SELECT true; DROP TABLE orders', /multiple commands/],
    ['SELECT true; COMMIT; DROP TABLE orders; SELECT true', /multiple commands/],
    ['DELETE FROM orders', /syntax error/],
    [`SELECT nextval('numbers') > 0`, /read-only transaction/],
  ])('%s is answered with no', async (sql, said) => {
    const answer = await ask('SELECT true', sql, 'SELECT true');
    expect(answer).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/^1 of 3 failed: question 2: /) as string,
    });
    expect(answer.detail).toMatch(said);
    expect((await ask('SELECT count(*) = 3 FROM orders')).status).toBe('passed');
  });

  test('none asked, none answered', async () => {
    expect(await ask()).toEqual({ status: 'not-run', detail: 'no smoke SQL was given' });
  });

  test('a session that the server ends is no answer', async () => {
    await expect(ask('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toThrow(/terminat/);
  });

  test('a server that is not there is no answer', async () => {
    const nowhere = { ...postgres.master, port: 1 };
    const asked = proveSmoke(nowhere, [{ name: 'any', sql: 'SELECT true' }], { statementTimeoutMs: 300 });
    await expect(asked).rejects.toMatchObject({ code: 'DatabaseConnectionError' });
  });

  test('one who is stopped while asking throws the reason', async () => {
    const controller = new AbortController();
    const asked = proveSmoke(postgres.master, [{ name: 'slow', sql: 'SELECT pg_sleep(60) IS NULL' }], {
      statementTimeoutMs: 60_000,
      signal: controller.signal,
    });
    const thrown = asked.catch((error: unknown) => error);
    await until(() =>
      postgres.query(postgres.superuser, async (client) => {
        const { rowCount } = await client.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'golive-verify' AND wait_event = 'PgSleep'`,
        );
        return rowCount === 1;
      }),
    );
    controller.abort(new Error('Ctrl-C'));
    expect(await thrown).toEqual(new Error('Ctrl-C'));
  });
});
