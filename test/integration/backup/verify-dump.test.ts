import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { listDumps } from '../../../core/backup/catalogue';
import { readFingerprint } from '../../../core/backup/dump/companions';
import { fingerprintDatabase, type DatabaseFingerprint } from '../../../core/backup/fingerprint';
import type { Manifest } from '../../../core/backup/manifest';
import { readArchiveList } from '../../../core/backup/restore/pg-restore';
import {
  isVerified,
  newestVerification,
  putVerification,
  verifyDump,
  type Verification,
  type VerifyDumpRequest,
  type VerifyProgress,
  type WithThrowAwayDatabase,
} from '../../../core/backup/verify';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import type { LocalPostgres } from '../../../local/postgres';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';
import { BUCKET, dump, fillSample, startDatabaseAndVault } from './dump-support';

/** Dumps as pg_dump makes them, good and spoilt, restored by a master user who is no superuser. */
describe('verifying a dump', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  /** The demo's database, with everything that a database can hold. */
  let sample: { manifest: Manifest; fingerprint: DatabaseFingerprint };
  /** A few rows, for what is tried often. */
  let shop: { endpoint: PostgresEndpoint; manifest: Manifest; fingerprint: DatabaseFingerprint };
  let temporaryFolder: string;
  let programs: ProgramFolder;
  let databases = 0;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await fillSample(postgres);
    const endpoint = await postgres.createDatabase('shop');
    await postgres.query(endpoint, (client) =>
      client.query(
        `CREATE TABLE orders (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, note text);
         INSERT INTO orders (note) SELECT md5(n::text) FROM generate_series(1, 20000) AS n`,
      ),
    );
    await postgres.query(postgres.superuser, (client) =>
      client.query(`CREATE ROLE weak LOGIN PASSWORD 'weak'`),
    );
    sample = await dumpWithFingerprint(postgres.master);
    shop = { endpoint, ...(await dumpWithFingerprint(endpoint)) };
  }, 300_000);

  afterAll(async () => {
    await stop();
  });

  beforeEach(() => {
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-verify-'));
    programs = makeProgramFolder();
  });

  afterEach(async () => {
    // Whatever happened, nothing with everybody's data in it is left.
    const left = [...readdirSync(temporaryFolder), ...(await thrownAway())];
    rmSync(temporaryFolder, { recursive: true });
    programs.remove();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  async function dumpWithFingerprint(endpoint: PostgresEndpoint) {
    const { manifest } = await dump(postgres, s3, { endpoint });
    const fingerprint = await readFingerprint({ s3, bucket: BUCKET }, manifest);
    return { manifest, fingerprint: fingerprint ?? (await fingerprintDatabase({ endpoint })) };
  }

  async function thrownAway(): Promise<string[]> {
    return await postgres.query(postgres.superuser, async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        `SELECT datname FROM pg_database WHERE datname LIKE 'throw_away_%'`,
      );
      return rows.map(({ datname }) => datname);
    });
  }

  function lending(made = 'TEMPLATE template0', changes: Partial<PostgresEndpoint> = {}) {
    const lend: WithThrowAwayDatabase = async (use) => {
      const database = `throw_away_${++databases}`;
      const owner = changes.user ?? postgres.master.user;
      await postgres.query(postgres.superuser, (client) =>
        client.query(`CREATE DATABASE ${database} OWNER ${owner} ${made}`),
      );
      try {
        return await use({ ...postgres.master, ...changes, database });
      } finally {
        await postgres.query(postgres.superuser, (client) =>
          client.query(`DROP DATABASE ${database} WITH (FORCE)`),
        );
      }
    };
    return lend;
  }

  /** With no changes, the small dump, all rungs. */
  const verify = (changes: Partial<VerifyDumpRequest> = {}) =>
    verifyDump({
      s3,
      bucket: BUCKET,
      manifest: shop.manifest,
      path: postgres.binFolder,
      fingerprint: shop.fingerprint,
      smokeSql: [{ name: 'there are orders', sql: 'SELECT count(*) > 0 FROM public.orders' }],
      withThrowAwayDatabase: lending(),
      temporaryFolder,
      ...changes,
    });

  const statuses = ({ rungs }: Verification) => rungs.map(({ status }) => status).join(' ');
  const detail = ({ rungs }: Verification, wanted: string) =>
    rungs.find(({ name }) => name === wanted)?.detail;

  /**
   * The small dump's archive, spoilt, beside the good one. With `vouchedFor` a manifest that says it is right: as if
   * pg_dump itself had written it so.
   */
  async function spoilt(
    spoil: (content: Buffer) => Buffer,
    { vouchedFor }: { vouchedFor: boolean },
  ): Promise<{ manifest: Manifest; content: Buffer }> {
    const { archive } = shop.manifest;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: archive.key }));
    const content = spoil(Buffer.from(await Body!.transformToByteArray()));
    const key = archive.key.replace('archive-', `archive-spoilt-${++databases}-`);
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content, ChecksumAlgorithm: 'CRC32' }),
    );
    const { ChecksumCRC32 } = await s3.send(
      new HeadObjectCommand({ Bucket: BUCKET, Key: key, ChecksumMode: 'ENABLED' }),
    );
    const vouched = {
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      s3ChecksumCrc32: ChecksumCRC32!,
    };
    return {
      manifest: { ...shop.manifest, archive: { ...archive, key, ...(vouchedFor && vouched) } },
      content,
    };
  }

  const cutShort = (content: Buffer) => content.subarray(0, Math.floor(content.length * 0.7));
  const oneBitOff = (content: Buffer) => {
    content[content.length >> 1]! ^= 1;
    return content;
  };

  test('a good one passes every rung, is recorded beside its manifest, and is still a backup', async () => {
    const told: VerifyProgress[] = [];
    const record = await verify({
      manifest: sample.manifest,
      fingerprint: sample.fingerprint,
      smokeSql: [{ name: 'there are people', sql: 'SELECT count(*) > 0 FROM accounts.people' }],
      onProgress: (progress) => told.push(progress),
    });
    expect(record.rungs.map(({ name, status, detail }) => [name, status, detail])).toEqual([
      ['bytes', 'passed', expect.stringContaining(sample.manifest.archive.sha256)],
      ['readable', 'passed', expect.stringContaining('to its end')],
      ['restores', 'passed', expect.stringContaining('entries restored without an error')],
      ['structure', 'passed', expect.stringContaining('as they were dumped')],
      ['fingerprint', 'passed', expect.stringContaining('large objects is what was dumped')],
      ['smoke', 'passed', 'true: there are people'],
    ]);
    expect(isVerified(record)).toBe(true);
    expect(record.height).toBe('smoke');
    expect(JSON.stringify(record)).not.toContain(postgres.master.password);
    for (const rung of ['bytes', 'restores', 'structure']) {
      expect(told).toContainEqual(expect.objectContaining({ rung, state: 'running' }));
    }

    const { database } = sample.manifest.source;
    const { backupId } = sample.manifest;
    const vault = { s3, bucket: BUCKET };
    const keys = [
      await putVerification(vault, record),
      await putVerification(vault, { ...record, clientVersion: '16.0' }),
    ];
    expect(new Set(keys).size).toBe(2);
    expect(await newestVerification({ ...vault, database, backupId })).toMatchObject({
      clientVersion: '16.0',
      height: 'smoke',
    });
    const { dumps, rejected } = await listDumps({ s3, bucket: BUCKET, database });
    expect([dumps.length, rejected]).toEqual([1, []]);
  });

  describe('fails at the first rung that tells', () => {
    test.each([
      ['is truncated', cutShort],
      ['has one bit flipped', oneBitOff],
    ])('bytes, when the archive %s', async (_, spoil) => {
      const { manifest } = await spoilt(spoil, { vouchedFor: false });
      const record = await verify({ manifest });
      expect(statuses(record)).toBe('failed not-run not-run not-run not-run not-run');
      expect(isVerified(record)).toBe(false);
    });

    test.each([
      ['is truncated', cutShort],
      ['has one bit flipped', oneBitOff],
    ])('readable, when the archive %s and its manifest vouches for it', async (_, spoil) => {
      const { manifest, content } = await spoilt(spoil, { vouchedFor: true });
      const record = await verify({ manifest });
      expect(statuses(record)).toBe('passed failed not-run not-run not-run not-run');
      expect(record.height).toBe('bytes');

      // Which is why the list is not asked.
      const file = join(programs.path, 'archive');
      writeFileSync(file, content);
      const list = await readArchiveList(file, { path: postgres.binFolder });
      expect(list.ids.size).toBeGreaterThan(0);
    });

    test('restores, when a role restores that may not', async () => {
      const weak = { user: 'weak', password: 'weak' };
      const record = await verify({ withThrowAwayDatabase: lending('TEMPLATE template0', weak) });
      expect(statuses(record)).toBe('passed passed failed not-run not-run not-run');
      expect(detail(record, 'restores')).toMatch(/restore as the master user/);
    });

    test('structure and fingerprint, when the dump has one row less than its fingerprint', async () => {
      await change('DELETE FROM orders WHERE id = 77');
      const record = await verify({ manifest: (await dumpWithFingerprint(shop.endpoint)).manifest });
      expect(statuses(record)).toBe('passed passed passed failed failed passed');
      expect(detail(record, 'structure')).toContain('expected 20000 rows, found 19999 rows');
      expect(isVerified(record)).toBe(false);
      expect(record.height).toBe('restores');
    });

    test('fingerprint alone, when one value is another', async () => {
      const { fingerprint } = await dumpWithFingerprint(shop.endpoint);
      await change(`UPDATE orders SET note = '' WHERE id = 78`);
      const { manifest } = await dumpWithFingerprint(shop.endpoint);
      const record = await verify({ manifest, fingerprint });
      expect(statuses(record)).toBe('passed passed passed passed failed passed');
      expect(detail(record, 'fingerprint')).toContain('orders');
    });

    test('structure alone, when an index is lost', async () => {
      await change('CREATE INDEX orders_note ON orders (note)');
      const { fingerprint } = await dumpWithFingerprint(shop.endpoint);
      await change('DROP INDEX orders_note');
      const { manifest } = await dumpWithFingerprint(shop.endpoint);
      const record = await verify({ manifest, fingerprint });
      expect(statuses(record)).toBe('passed passed passed failed passed passed');
      expect(detail(record, 'structure')).toContain('orders_note');
    });

    test('smoke alone, when the team’s answer is no', async () => {
      const smokeSql = [{ name: 'nobody ever orders', sql: 'SELECT count(*) = 0 FROM orders' }];
      const record = await verify({ smokeSql });
      expect(record.rungs.at(-1)).toMatchObject({
        status: 'failed',
        detail: '1 of 1 failed: nobody ever orders: it is false',
      });
    });

    async function change(sql: string): Promise<void> {
      await postgres.query(shop.endpoint, (client) => client.query(sql));
    }
  });

  describe('says not-run, and not failed', () => {
    test('when the server of the throw-away database cannot be reached', async () => {
      const record = await verify({
        withThrowAwayDatabase: (use) => use({ ...postgres.master, port: 1, database: 'nowhere' }),
      });
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
      expect(detail(record, 'restores')).toMatch(/no connection to localhost:1/);
      expect(record.height).toBe('readable');
    });

    test('when that server ends its sessions half-way', async () => {
      const terminated: Promise<void>[] = [];
      const record = await verify({
        manifest: sample.manifest,
        fingerprint: sample.fingerprint,
        onProgress: ({ rung, state }) => {
          if (rung === 'restores' && state === 'running') terminated.push(terminate('golive-restore'));
        },
      });
      await Promise.all(terminated);
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
    });

    test('when the restored database cannot be read; the team’s questions are asked all the same', async () => {
      const terminated: Promise<void>[] = [];
      const record = await verify({
        manifest: sample.manifest,
        fingerprint: sample.fingerprint,
        smokeSql: [{ name: 'always', sql: 'VALUES (true)' }],
        onProgress: ({ rung, state }) => {
          if (rung === 'structure' && state === 'running') terminated.push(terminate('golive-fingerprint'));
        },
      });
      await Promise.all(terminated);
      expect(statuses(record)).toBe('passed passed passed not-run not-run passed');
      expect(detail(record, 'fingerprint')).toMatch(/see structure/);
    });

    test('when the database that is lent is not empty', async () => {
      const lend = lending();
      const record = await verify({
        withThrowAwayDatabase: (use) =>
          lend(async (endpoint) => {
            await postgres.query(endpoint, (client) => client.query('CREATE TABLE precious ()'));
            return await use(endpoint);
          }),
      });
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
      expect(detail(record, 'restores')).toContain('precious');
    });

    test('when the database that is lent was made with another locale', async () => {
      const made = `TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`;
      const record = await verify({ withThrowAwayDatabase: lending(made) });
      expect(statuses(record)).toBe('passed passed passed not-run passed passed');
      expect(isVerified(record)).toBe(false);
    });

    test('when there is no fingerprint', async () => {
      const record = await verify({ fingerprint: undefined });
      expect(statuses(record)).toBe('passed passed passed not-run not-run passed');
      expect(record.height).toBe('restores');
    });

    test('when no questions are asked, and is verified without', async () => {
      const record = await verify({ smokeSql: undefined });
      expect(statuses(record)).toBe('passed passed passed passed passed not-run');
      expect(isVerified(record)).toBe(true);
    });

    test.each([
      'FATAL:  terminating connection due to administrator command',
      'could not execute query: ERROR:  role "reporting" does not exist',
      'could not execute query: ERROR:  extension "postgis" is not available',
      'could not execute query: ERROR:  could not extend file "base/1/2": No space left on device',
      'could not execute query: ERROR:  out of shared memory',
    ])('when the server says: %s', async (said) => {
      programs.write(
        'pg_restore',
        `const [first] = process.argv.slice(2);
         if (first === '--version') console.log('pg_restore (PostgreSQL) 15.18');
         else if (first === '--exit-on-error') {
           console.error(${JSON.stringify(`pg_restore: error: ${said}`)});
           process.exit(1);
         }`,
      );
      const record = await verify({ path: programs.path });
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
    });

    async function terminate(applicationName: string): Promise<void> {
      await postgres.query(postgres.superuser, (client) =>
        client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, [
          applicationName,
        ]),
      );
    }
  });

  test('stopped half-way throws the reason, and nothing is left', async () => {
    const controller = new AbortController();
    const stopped = verify({
      manifest: sample.manifest,
      signal: controller.signal,
      onProgress: ({ rung, state }) => {
        if (rung === 'restores' && state === 'running') controller.abort(new Error('Ctrl-C'));
      },
    });
    await expect(stopped).rejects.toThrow('Ctrl-C');
  });
});
