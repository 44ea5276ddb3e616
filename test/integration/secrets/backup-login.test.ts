import { tmpdir } from 'node:os';
import type { S3Client } from '@aws-sdk/client-s3';
import type { DumpRequest } from '../../../core/backup/dump/take-dump';
import { restoreBeside } from '../../../core/backup/restore/restore-beside';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { MIGRATION_LOCK } from '../../../core/postgres/migration-lock';
import { bootstrapRoles, type BootstrapRoles } from '../../../core/secrets/bootstrap';
import type { LocalPostgres } from '../../../local/postgres';
import {
  BUCKET,
  dump,
  dumpBackends,
  startDatabaseAndVault,
  untilDumpWaitsForLock,
} from '../backup/dump-support';

const ROLES = {
  owner: 'golive_owner',
  app: { username: 'golive_app', password: 'app-password' },
  backup: { username: 'golive_backup', password: 'backup-password' },
} satisfies Omit<BootstrapRoles, 'connect'>;

/** The login that reads and never writes, as the bootstrap makes it on a server whose master is no superuser. */
describe('a dump by the read-only login', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let databases = 0;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
  });

  afterAll(() => stop?.());

  /** A database with its roles and what the product made in it. */
  async function product(made: string) {
    const master = await postgres.createDatabase(`product_${++databases}`);
    await bootstrapRoles({ connect: master, ...ROLES });
    const as = ({ username: user, password }: { username: string; password: string }): PostgresEndpoint => ({
      ...master,
      user,
      password,
    });
    const run = (endpoint: PostgresEndpoint, sql: string) =>
      postgres.query(endpoint, (client) => client.query<Record<string, unknown>>(sql));
    await run(as(ROLES.app), made);
    return {
      master,
      asApp: (sql: string) => run(as(ROLES.app), sql),
      asSuperuser: (sql: string) => run({ ...postgres.superuser, database: master.database }, sql),
      dump: (changes: Partial<DumpRequest> = {}) =>
        dump(postgres, s3, { endpoint: as(ROLES.backup), ...changes }),
      dumpByAdmin: () => dump(postgres, s3, { endpoint: master }),
    };
  }

  test('is refused at once where row-level security hides rows, and the admin’s is not', async () => {
    const { dump: take, dumpByAdmin } = await product(
      'CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY',
    );
    await expect(take()).rejects.toMatchObject({
      code: 'RowSecurityBlocksDumpError',
      message: expect.stringMatching(
        /public\.notes from role "golive_backup".*have the admin dump: backup\.dump\.login: 'admin'$/,
      ) as string,
    });
    await expect(dumpByAdmin()).resolves.toMatchObject({ outcome: 'created' });
  });

  test('is refused at once where it may not read large objects, and the admin’s, a member of their owner, is not', async () => {
    const { dump: take, dumpByAdmin } = await product(
      'SELECT lo_create(900000 + n) FROM generate_series(1, 7) AS n',
    );
    await expect(take()).rejects.toMatchObject({
      code: 'LargeObjectsNotReadableError',
      message: expect.stringMatching(
        /^role "golive_backup" may not read 7 large objects \(900001, 900002, 900003, 900004, 900005 and 2 more\); run GRANT SELECT ON LARGE OBJECT 900001 TO "golive_backup".*backup\.dump\.login: 'admin'$/,
      ) as string,
    });
    await expect(dumpByAdmin()).resolves.toMatchObject({ outcome: 'created' });
  });

  test('takes large objects that it was granted, itself, as one of a role, or with everybody', async () => {
    const {
      dump: take,
      asApp,
      asSuperuser,
    } = await product(`SELECT lo_from_bytea(910000 + n, 'content') FROM generate_series(1, 4) AS n`);
    const refusal = async () => ((await take().catch((error: unknown) => error)) as Error).message;
    await asApp('GRANT SELECT ON LARGE OBJECT 910001 TO golive_backup');
    await asApp('GRANT SELECT ON LARGE OBJECT 910002 TO PUBLIC');
    await asSuperuser('CREATE ROLE readers; GRANT readers TO golive_backup');
    await asApp('GRANT SELECT ON LARGE OBJECT 910003 TO readers');
    // To write is not to read.
    await asApp('GRANT UPDATE ON LARGE OBJECT 910004 TO golive_backup');
    expect(await refusal()).toContain('may not read 1 large object (910004);');
    await asApp('GRANT SELECT ON LARGE OBJECT 910004 TO golive_backup');
    await expect(take()).resolves.toMatchObject({ outcome: 'created' });
    // Its own owner may be told not to read it, and is then like anybody else.
    await asApp('REVOKE ALL ON LARGE OBJECT 910003 FROM golive_owner, readers');
    expect(await refusal()).toContain('(910003)');
    await asSuperuser('ALTER ROLE golive_backup SET lo_compat_privileges = on');
    await expect(take()).resolves.toMatchObject({ outcome: 'created' });
    await asSuperuser('ALTER ROLE golive_backup RESET lo_compat_privileges');
  });

  test.each([
    ['by one connection', {}],
    ['by several', { archive: { format: 'directory', jobs: 2, folder: tmpdir() } as const }],
  ])('is whole, and proven after its restore, %s', async (_how, changes) => {
    const {
      master,
      asApp,
      dump: take,
    } = await product(`
      CREATE SCHEMA shop;
      CREATE TYPE shop.mood AS ENUM ('ok', 'sad');
      CREATE TABLE shop.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, mood shop.mood);
      CREATE TABLE shop.orders (id serial PRIMARY KEY, customer bigint REFERENCES shop.customers, at timestamptz)
        PARTITION BY RANGE (id);
      CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM (1) TO (500);
      CREATE TABLE shop.orders_2 PARTITION OF shop.orders DEFAULT;
      CREATE SEQUENCE shop.invoices START 4711;
      CREATE VIEW shop.sad AS SELECT * FROM shop.customers WHERE mood = 'sad';
      CREATE MATERIALIZED VIEW shop.counts AS SELECT mood, count(*) FROM shop.customers GROUP BY mood;
      CREATE FUNCTION shop.total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shop.orders';
      INSERT INTO shop.customers (name, mood)
        SELECT 'Zoë ' || n, CASE WHEN n % 9 = 0 THEN 'sad' ELSE 'ok' END::shop.mood FROM generate_series(1, 900) AS n;
      INSERT INTO shop.orders (customer, at) SELECT n, to_timestamp(n) FROM generate_series(1, 900) AS n;
      SELECT nextval('shop.invoices'); REFRESH MATERIALIZED VIEW shop.counts`);

    const { manifest, outcome } = await take(changes);

    expect(outcome).toBe('created');
    expect(manifest.fingerprint).toMatchObject({ tables: 4, tablesLeftOut: 0 });
    expect(manifest.globals.bytes).toBeGreaterThan(0);
    expect(await dumpBackends(postgres)).toBe(0);
    const { proof, outcome: restored } = await restoreBeside({
      s3,
      bucket: BUCKET,
      manifest,
      live: master,
      environment: 'test',
      safetyBackup: 'skipped',
      path: postgres.binFolder,
      jobs: 2,
    });
    expect({ proof, restored }).toEqual({ proof: 'fingerprint', restored: 'restored' });
    // It is the product's still.
    await asApp(`INSERT INTO shop.customers (name) VALUES ('after')`);
  });

  test('keeps out of a migration’s way, as the admin’s does', async () => {
    const { master, dump: take } = await product('CREATE TABLE one (id int)');
    const { classId, objectId } = MIGRATION_LOCK;
    await postgres.query(master, async (migration) => {
      await migration.query('SELECT pg_advisory_lock($1, $2)', [classId, objectId]);
      await expect(take({ lockWaitTimeoutMs: 50 })).rejects.toMatchObject({ code: 'MigrationRunningError' });
    });
  });

  test('that is stopped while it waits for a lock leaves no session behind', async () => {
    const { master, dump: take } = await product('CREATE TABLE one (id int)');
    await postgres.query(master, async (holder) => {
      await holder.query('BEGIN; LOCK TABLE one');
      const stopping = new AbortController();
      const dumping = take({ signal: stopping.signal, fingerprint: 'none' }).catch((error: unknown) => error);
      await untilDumpWaitsForLock(holder);
      stopping.abort();
      expect(await dumping).toMatchObject({ code: 'DumpAbortedError' });
      expect(await dumpBackends(postgres)).toBe(0);
    });
  });
});
