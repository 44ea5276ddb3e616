import type { Client } from 'pg';
import { currentKey, keyCensus, type EncryptedColumn } from '../../../core/secrets/key-ring';
import { postgresClient } from '../../../core/postgres/endpoint';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { ciphertext, createUsers, twoRings } from './encrypted-table';

const { before, after } = twoRings();
const OLD = currentKey(before).kid;
const NEW = currentKey(after).kid;
const UNUSED = 'never_used';
const KIDS = [OLD, NEW, UNUSED];
const USERS: EncryptedColumn = { table: 'public.users', column: 'ssn' };

let postgres: LocalPostgres;
let client: Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgresClient(postgres.master, 'key-census-test');
  await client.connect();
  await createUsers(client, 'users', before, 100);
});

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

/** The census of these keys, and each reason. */
async function census(
  columns: readonly EncryptedColumn[],
  kids: readonly string[] = KIDS,
  asked: Client = client,
) {
  const { needed, unneeded } = await keyCensus(asked, columns, kids);
  return { needed: needed.map(({ kid }) => kid), reasons: needed.map(({ reason }) => reason), unneeded };
}

describe('every key is needed', () => {
  it('when no column is configured', async () => {
    expect(await census([])).toMatchObject({ needed: KIDS, unneeded: [] });
  });

  it.each<[string, EncryptedColumn, RegExp]>([
    ['is not there', { table: 'public.nobody', column: 'ssn' }, /is not in the database/],
    ['has no such column', { table: 'public.users', column: 'phone' }, /is not in the database/],
    ['is named without its schema', { table: 'users', column: 'ssn' }, /not of the form schema\.table/],
    [
      'is named as SQL',
      { table: 'public.users; DROP TABLE users --', column: 'ssn' },
      /is not in the database/,
    ],
    ['has a name that is too long', { table: `public.${'u'.repeat(64)}`, column: 'ssn' }, /1 to 63 bytes/],
    ['has no name', { table: 'public.', column: 'ssn' }, /1 to 63 bytes/],
  ])('when a table %s', async (_, column, reason) => {
    const result = await census([column]);
    expect(result).toMatchObject({ needed: KIDS, unneeded: [] });
    expect(result.reasons[0]).toMatch(reason);
  });

  it.each([
    ['jsonb', `'{}'::jsonb`],
    ['text[]', `'{}'::text[]`],
    ['bytea', `''::bytea`],
  ])('when ciphertexts could hide inside of a %s', async (type, value) => {
    await client.query(`CREATE TABLE hidden (id int PRIMARY KEY, ssn ${type})`);
    await client.query(`INSERT INTO hidden VALUES (1, ${value})`);
    const result = await census([{ table: 'public.hidden', column: 'ssn' }]);
    await client.query('DROP TABLE hidden');
    expect(result.unneeded).toEqual([]);
    expect(result.reasons[0]).toMatch(/not of a text type/);
  });

  it('when a view, which may leave rows out, is named in the place of its table', async () => {
    await client.query('CREATE VIEW some_users AS SELECT * FROM users WHERE id > 1000');
    const result = await census([{ table: 'public.some_users', column: 'ssn' }]);
    await client.query('DROP VIEW some_users');
    expect(result.unneeded).toEqual([]);
    expect(result.reasons[0]).toMatch(/not of an ordinary table/);
  });

  it('when the role may not read the table, or not all of its rows', async () => {
    await client.query(
      `CREATE ROLE reader LOGIN PASSWORD 'reader'; CREATE TABLE tenants (id int PRIMARY KEY, ssn text)`,
    );
    await client.query(`INSERT INTO tenants VALUES (1, $1)`, [ciphertext(before, 1, 'value')]);
    const reader = await postgresClient({ ...postgres.master, user: 'reader', password: 'reader' }, 'reader');
    await reader.connect();
    const tenants = [{ table: 'public.tenants', column: 'ssn' }];
    const forbidden = await census(tenants, KIDS, reader);
    await client.query(`GRANT SELECT ON tenants TO reader; ALTER TABLE tenants ENABLE ROW LEVEL SECURITY`);
    const { rows } = await reader.query('SELECT FROM tenants');
    const filtered = await census(tenants, KIDS, reader);
    await reader.end();
    await client.query('DROP TABLE tenants; DROP ROLE reader');
    expect(forbidden).toMatchObject({ needed: KIDS, unneeded: [] });
    expect(forbidden.reasons[0]).toMatch(/permission denied/);
    // The policy shows no row at all, so that a plain count would have found nothing.
    expect(rows).toEqual([]);
    expect(filtered).toMatchObject({ needed: KIDS, unneeded: [] });
    expect(filtered.reasons[0]).toMatch(/row-level security/);
  });

  it('when the connection is gone', async () => {
    const gone = await postgresClient(postgres.master, 'gone');
    await gone.connect();
    await gone.end();
    expect(await census([USERS], KIDS, gone)).toMatchObject({ needed: KIDS, unneeded: [] });
  });
});

it('a key is needed by one value in one of the columns, and the others are not', async () => {
  await createUsers(client, 'staff', after, 1);
  const columns = [USERS, { table: 'public.staff', column: 'ssn' }];
  expect(await census([USERS])).toMatchObject({ needed: [OLD], unneeded: [NEW, UNUSED] });
  expect(await census(columns)).toMatchObject({ needed: [OLD, NEW], unneeded: [UNUSED] });
  expect((await census(columns)).reasons[1]).toBe('public.staff, column ssn, holds ciphertexts of it');
});

it('one unreadable column makes the rest needed, too', async () => {
  const columns = [USERS, { table: 'public.nobody', column: 'ssn' }];
  expect(await census(columns)).toMatchObject({ needed: KIDS, unneeded: [] });
});

it('a key id that a pattern would match is not taken for another', async () => {
  await client.query('CREATE TABLE patterns (id int PRIMARY KEY, ssn text)');
  await client.query(`INSERT INTO patterns VALUES (1, $1)`, [
    ciphertext(before, 1, 'value').replace(OLD, 'neverxused'),
  ]);
  expect(
    await census([{ table: 'public.patterns', column: 'ssn' }], [UNUSED, 'never', 'neverxused']),
  ).toMatchObject({
    needed: ['neverxused'],
    unneeded: [UNUSED, 'never'],
  });
});

it('names with quotes, capitals and SQL in them are names', async () => {
  const [schema, table, column] = ['Sch"ema', 'ta"b le; --', `co'l"umn`];
  const quoted = [schema, table, column].map((name) => `"${name.replaceAll('"', '""')}"`);
  await client.query(
    `CREATE SCHEMA ${quoted[0]}; CREATE TABLE ${quoted[0]}.${quoted[1]} (${quoted[2]} varchar(999))`,
  );
  await client.query(`INSERT INTO ${quoted[0]}.${quoted[1]} VALUES ($1)`, [ciphertext(before, 1, 'value')]);
  expect(await census([{ table: `${schema}.${table}`, column }])).toMatchObject({ needed: [OLD] });
});

it('partitions, domains and collations that know no prefix are searched as well', async () => {
  await client.query(`
    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN secret AS text COLLATE loose;
    CREATE TABLE parted (id int, ssn secret) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  `);
  await client.query(`INSERT INTO parted VALUES (1, $1)`, [ciphertext(before, 1, 'value')]);
  expect(await census([{ table: 'public.parted', column: 'ssn' }])).toMatchObject({ needed: [OLD] });
});

it('leaves the connection as it was', async () => {
  await census([USERS, { table: 'public.nobody', column: 'ssn' }]);
  const { rows } = await client.query<{ row_security: string }>('SHOW row_security');
  expect(rows[0]?.row_security).toBe('on');
  await client.query('CREATE TEMPORARY TABLE outside_of_a_read_only_transaction ()');
});
