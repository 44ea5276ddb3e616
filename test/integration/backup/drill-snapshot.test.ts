import type { S3Client } from '@aws-sdk/client-s3';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { SnapshotPart } from '../../../core/backup/drill';
import { drillSnapshot, type SnapshotDrillRequest } from '../../../core/backup/drill/snapshot-drill';
import type { LocalPostgres } from '../../../local/postgres';
import { FakeDrillRds, OWNER } from '../../core/backup/drill/fake-rds';
import { dump, startDatabaseAndVault, BUCKET } from './dump-support';

/** RDS is played; the instance that it "restores" is a real PostgreSQL, over TLS. */
describe('a drill of a snapshot, when its instance is up', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let rds: FakeDrillRds;
  let dumped: string;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await sql(
      `CREATE TABLE orders (id int PRIMARY KEY, note text);
       INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 5000) AS n;
       CREATE INDEX orders_note ON orders (note)`,
    );
    dumped = (await dump(postgres, s3)).manifest.backupId;
  });

  afterAll(() => stop());

  beforeEach(() => {
    rds = new FakeDrillRds();
    rds.address = { Address: 'localhost', Port: postgres.master.port };
  });

  afterEach(() => rds.mock.restore());

  const sql = (text: string) => postgres.query(postgres.master, (client) => client.query(text));

  const drill = (changes: Partial<SnapshotDrillRequest> = {}): Promise<SnapshotPart> =>
    drillSnapshot({
      ...OWNER,
      s3,
      bucket: BUCKET,
      rds: rds.client,
      database: postgres.master.database,
      drillId: '20260501T030005Z-4f2a9c01',
      live: () => Promise.resolve(postgres.master),
      clock: rds.clock,
      scrub: (text) => text,
      ...changes,
    });

  const outcomes = ({ stages }: SnapshotPart) =>
    Object.fromEntries(stages.map(({ name, outcome }) => [name, outcome]));

  test('passes when it has the dump’s schema, about its rows, and the team’s answers', async () => {
    await sql('DELETE FROM orders WHERE id > 4900');
    const part = await drill({ smokeSql: [{ name: 'orders', sql: 'SELECT count(*) > 0 FROM orders' }] });
    await sql(`INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(4901, 5000) AS n`);
    expect(part).toMatchObject({ verdict: 'passed', comparedWith: dumped, recoverySeconds: 30, error: null });
    expect(outcomes(part)).toEqual({
      instance: 'passed',
      login: 'passed',
      structure: 'passed',
      volume: 'passed',
      content: 'not-run',
      smoke: 'passed',
      removal: 'passed',
    });
    expect(rds.instances.size).toBe(1);
  });

  test('is given another password when the snapshot knows an older one, which nobody is told', async () => {
    const passwords: string[] = [];
    rds.onPassword = async (password) => {
      passwords.push(password);
      await setPassword(password);
    };
    const { password } = postgres.master;
    // The live one's was rotated since; the instance of the snapshot has not heard of it.
    const live = { ...postgres.master, password: 'rotated since' };
    const part = await drill({ live: () => Promise.resolve(live) });
    await setPassword(password);
    expect(part).toMatchObject({ verdict: 'passed' });
    expect(passwords).toEqual([expect.stringMatching(/^[\w-]{32}$/)]);
    expect(JSON.stringify(part)).not.toContain(passwords[0]);
    expect(part.stages[1]!.detail).toMatch(/the snapshot knew an older one/);
  });

  test('fails when many rows are missing, and when an index is; the instance is deleted', async () => {
    await sql(
      'BEGIN; CREATE TABLE kept AS TABLE orders; DELETE FROM orders WHERE id > 1000; DROP INDEX orders_note; COMMIT',
    );
    const part = await drill();
    await sql(
      'INSERT INTO orders SELECT * FROM kept WHERE id > 1000; DROP TABLE kept; CREATE INDEX orders_note ON orders (note)',
    );
    expect(part.verdict).toBe('failed');
    expect(outcomes(part)).toMatchObject({ structure: 'failed', volume: 'failed', removal: 'passed' });
    expect(part.stages[3]!.detail).toContain('public.orders has 1000 rows and had 5000');
    expect(rds.instances.size).toBe(1);
  });

  test('fails when the team’s answer is no', async () => {
    const part = await drill({ smokeSql: [{ name: 'none', sql: 'SELECT count(*) = 0 FROM orders' }] });
    expect(part).toMatchObject({
      verdict: 'failed',
      error: { message: expect.stringMatching(/^smoke: /) as string },
    });
  });

  test('says not-run when there is no dump to compare it with', async () => {
    const part = await drill({ database: 'nothing' });
    expect(part).toMatchObject({ verdict: 'not-run', comparedWith: null });
    expect(outcomes(part)).toMatchObject({ login: 'passed', structure: 'not-run', removal: 'passed' });
  });

  async function setPassword(password: string): Promise<void> {
    const role = escapeIdentifier(postgres.master.user);
    await postgres.query(postgres.superuser, (client) =>
      client.query(`ALTER ROLE ${role} PASSWORD ${escapeLiteral(password)}`),
    );
  }
});
