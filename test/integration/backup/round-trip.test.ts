import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { listDumps } from '../../../core/backup/catalogue';
import { restoreBeside } from '../../../core/backup/restore/restore-beside';
import { withLibpqEnvironment } from '../../../core/postgres/libpq';
import type { DumpRequest } from '../../../core/backup/dump/take-dump';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { BUCKET, dump, fillSample, startDatabaseAndVault } from './dump-support';

type Vault = Awaited<ReturnType<typeof startDatabaseAndVault>>;

let vault: Vault;

beforeAll(async () => {
  vault = await startDatabaseAndVault();
});
afterAll(() => vault?.stop());

/** Dumps what is live and restores it beside, which compares every row, definition, sequence and grant. */
async function roundTrip(postgres: LocalPostgres, changes: Partial<DumpRequest> = {}) {
  const { manifest } = await dump(postgres, vault.s3, changes);
  expect(manifest.fingerprint).toHaveProperty('key');
  return await restoreBeside({
    s3: vault.s3,
    bucket: BUCKET,
    manifest,
    live: postgres.master,
    environment: 'test',
    safetyBackup: 'skipped',
    path: postgres.binFolder,
    jobs: 2,
  });
}

describe('the round trip is exact', () => {
  test("on the demo's database", async () => {
    await fillSample(vault.postgres);
    const { proof, outcome, remarks } = await roundTrip(vault.postgres);
    expect({ proof, outcome, remarks }).toEqual({ proof: 'fingerprint', outcome: 'restored', remarks: [] });
  }, 180_000);

  test('on pgbench, after transactions', async () => {
    const { postgres } = vault;
    const pgbench = (...args: string[]) =>
      withLibpqEnvironment(postgres.master, 'pgbench', (env) =>
        promisify(execFile)(join(postgres.binFolder, 'pgbench'), args, {
          env: { ...env, PATH: process.env['PATH'] },
        }),
      );
    await pgbench('--initialize', '--scale=3', '--quiet');
    await pgbench('--transactions=300', '--client=2', '--jobs=2');
    const { proof, remarks } = await roundTrip(postgres, {
      archive: { format: 'directory', jobs: 2, folder: process.env['TMPDIR'] ?? '/tmp' },
    });
    expect({ proof, remarks }).toEqual({ proof: 'fingerprint', remarks: [] });
  }, 180_000);
});

/** Runs statements for a range of numbers, in pieces: one transaction for all would itself fill the lock table. */
async function forEachOf(
  postgres: LocalPostgres,
  count: number,
  statement: (from: number, to: number) => string,
  piece = 500,
) {
  await postgres.query(postgres.master, async (client) => {
    for (let from = 1; from <= count; from += piece) {
      await client.query(statement(from, Math.min(count, from + piece - 1)));
    }
  });
}

const makeTables = (postgres: LocalPostgres, count: number, piece?: number) =>
  forEachOf(
    postgres,
    count,
    (from, to) => `DO $$ BEGIN FOR i IN ${from}..${to} LOOP
      EXECUTE format('CREATE TABLE one_of_many_%s AS SELECT n, md5(n::text) FROM generate_series(1, %s) AS n', i, i % 5);
    END LOOP; END $$`,
    piece,
  );

/** A hundred to a table: to find a place for one more, PostgreSQL reads all that are there. */
const PARENTS = 100;
const makePartitions = async (postgres: LocalPostgres, count: number) => {
  const each = count / PARENTS;
  await postgres.query(postgres.master, async (client) => {
    for (let parent = 1; parent <= PARENTS; parent++) {
      await client.query(`CREATE TABLE parted_${parent} (id int, note text) PARTITION BY RANGE (id)`);
    }
  });
  await forEachOf(
    postgres,
    each,
    (from, to) => `DO $$ BEGIN FOR i IN ${from}..${to} LOOP FOR parent IN 1..${PARENTS} LOOP
      EXECUTE format('CREATE TABLE parted_%s_%s PARTITION OF parted_%s FOR VALUES FROM (%s) TO (%s)',
        parent, i, parent, i, i + 1);
    END LOOP; END LOOP; END $$`,
  );
  await postgres.query(postgres.master, async (client) => {
    for (let parent = 1; parent <= PARENTS; parent++) {
      await client.query(
        `INSERT INTO parted_${parent} SELECT n, 'in ' || n FROM generate_series(1, ${each}, 7) AS n`,
      );
    }
  });
};

test('a lock table that is too small is named, with the value that it needs', async () => {
  const small = await startPostgres({ settings: { max_locks_per_transaction: '10', max_connections: '20' } });
  try {
    await makeTables(small, 1_500, 40);
    const failed = dump(small, vault.s3);
    await expect(failed).rejects.toMatchObject({ code: 'PgDumpLockTableFullError', retryable: false });
    await expect(failed).rejects.toThrow(
      /15\d\d tables and partitions and \d+ indexes, .* 10 × 20 = 200: set max_locks_per_transaction to 192 in the parameter group/,
    );
  } finally {
    await small.stop();
  }
}, 180_000);

test('on 2,000 tables and 10,000 partitions, where the lock table holds them, the round trip is exact', async () => {
  const large = await startPostgres({
    settings: { max_locks_per_transaction: '448', max_connections: '60' },
  });
  try {
    await makeTables(large, 2_000);
    await makePartitions(large, 10_000);
    const { proof, remarks } = await roundTrip(large);
    expect({ proof, remarks }).toEqual({ proof: 'fingerprint', remarks: [] });
  } finally {
    await large.stop();
  }
}, 300_000);

test('nothing else was listed, and what is no backup is none', async () => {
  await vault.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dumps/golive/readme.txt', Body: 'x' }));
  const { dumps, rejected } = await listDumps({ s3: vault.s3, bucket: BUCKET });
  expect(dumps).toHaveLength(3);
  expect(rejected.map(({ reason }) => reason)).toEqual(['foreign-object']);
});
