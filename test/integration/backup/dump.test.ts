import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { readFingerprint } from '../../../core/backup/dump/companions';
import { compareFingerprints, fingerprintDatabase } from '../../../core/backup/fingerprint';
import { Manifest } from '../../../core/backup/manifest';
import { PASSFILE_FOLDER_PREFIX } from '../../../core/postgres/libpq';
import { MIGRATION_LOCK } from '../../../core/postgres/migration-lock';
import { makeLocalCertificates } from '../../../local/certificates';
import { startEmulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';
import { makeProgramFolder } from '../../support/fake-program';
import { BUCKET, dump, keepLog, observedPgDump, s3At, untilDumpWaitsForLock } from './dump-support';

let supervisor: Supervisor;
let postgres: LocalPostgres;
let s3: S3Client;
let observed: ReturnType<typeof observedPgDump>;

beforeAll(async () => {
  supervisor = Supervisor.start();
  postgres = await startPostgres({ supervisor });
  observed = observedPgDump(postgres.binFolder);
  const { aws } = await startEmulator(supervisor, 'eu-west-1');
  s3 = s3At(aws.endpoint);
  await s3.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    }),
  );
  await asMaster(`
    CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 50000) AS i`);
});

afterAll(async () => {
  observed.remove();
  s3.destroy();
  await supervisor.stop();
});

const asMaster = (sql: string) => postgres.query(postgres.master, (client) => client.query(sql));
const asSuperuser = (sql: string) =>
  postgres.query({ ...postgres.superuser, database: postgres.master.database }, (client) =>
    client.query(sql),
  );

async function keysOfVault(prefix = ''): Promise<string[]> {
  const { Contents: contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }),
  );
  return contents.map(({ Key: key }) => key!);
}

async function bytesOf(key: string): Promise<Buffer> {
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return Buffer.from(await body!.transformToByteArray());
}

describe('a dump by a role that is no superuser', () => {
  test('is what pg_restore reads to its end, with the checksum and size that its manifest tells', async () => {
    const { manifest, outcome } = await dump(postgres, s3);
    expect(outcome).toBe('created');
    const archive = await bytesOf(manifest.archive.key);
    expect(archive.length).toBe(manifest.archive.bytes);
    expect(createHash('sha256').update(archive).digest('hex')).toBe(manifest.archive.sha256);
    const sql = execFileSync(join(postgres.binFolder, 'pg_restore'), ['--file=-'], {
      input: archive,
      maxBuffer: 64 * 1024 ** 2,
    }).toString();
    expect(sql.match(/^\d+\t[0-9a-f]{32}$/gm)).toHaveLength(50_000);
  });

  test('lies beside its manifest, and no upload is left', async () => {
    const { manifest } = await dump(postgres, s3);
    const folder = manifest.archive.key.replace(/[^/]+$/, '');
    const attempt = /archive-(.+)\.pgdump$/.exec(manifest.archive.key)![1];
    expect(await keysOfVault(folder)).toEqual([
      manifest.archive.key,
      `${folder}fingerprint-${attempt}.json.gz`,
      `${folder}globals-${attempt}.sql`,
      `${folder}manifest.json`,
    ]);
    const stored = Manifest.parse(JSON.parse((await bytesOf(`${folder}manifest.json`)).toString()));
    expect(stored).toEqual(manifest);
    expect(stored).toMatchObject({
      environment: 'test',
      source: { instanceIdentifier: 'shop', dbiResourceId: 'db-ABC', database: 'golive' },
      archive: { format: 'custom', clientVersion: postgres.version },
    });
    expect(stored.source.sizeBytes).toBeGreaterThan(3_000_000);
    const { Uploads: uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    expect(uploads).toEqual([]);
  });

  test('is taken once for one scheduled instant, however often it is asked for', async () => {
    const scheduledFor = new Date('2026-11-20T02:00:00Z');
    const first = await dump(postgres, s3, { scheduledFor });
    const second = await dump(postgres, s3, { scheduledFor });
    expect(second).toEqual({ manifest: first.manifest, outcome: 'already-exists' });
  });

  test('is one backup when two attempts run at once: one manifest, and the other attempt knows it', async () => {
    const scheduledFor = new Date('2026-11-21T02:00:00Z');
    const both = await Promise.all([
      dump(postgres, s3, { scheduledFor }),
      dump(postgres, s3, { scheduledFor }),
    ]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['already-exists', 'created']);
    expect(both[0].manifest).toEqual(both[1].manifest);
    expect(await bytesOf(both[0].manifest.archive.key)).toHaveLength(both[0].manifest.archive.bytes);
  });
});

describe('what is proven later is taken with it', () => {
  test('a fingerprint of the very snapshot that was dumped, though rows change while it is taken', async () => {
    const before = await fingerprintDatabase({ endpoint: postgres.master });
    const { result } = await postgres.query(postgres.master, async (client) => {
      // pg_dump waits here, with its snapshot taken.
      await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const dumping = dump(postgres, s3);
      await untilDumpWaitsForLock(client);
      await client.query(`INSERT INTO orders VALUES (-1, 'too late for it'); COMMIT`);
      return { result: await dumping };
    });
    const fingerprint = await readFingerprint({ s3, bucket: BUCKET }, result.manifest);
    expect(compareFingerprints(before, fingerprint!)).toEqual([]);
    const sql = execFileSync(join(postgres.binFolder, 'pg_restore'), ['--file=-'], {
      input: await bytesOf(result.manifest.archive.key),
      maxBuffer: 64 * 1024 ** 2,
    }).toString();
    expect(sql).not.toContain('too late for it');
    await asMaster('DELETE FROM orders WHERE id = -1');
  });

  test('roles and memberships, without their passwords', async () => {
    await asSuperuser(`CREATE ROLE readers; CREATE ROLE "Zoë" LOGIN PASSWORD 's3cr3t-of-zoe' IN ROLE readers;
      ALTER ROLE "Zoë" SET statement_timeout = '5s'`);
    const { manifest } = await dump(postgres, s3);
    const sql = (await bytesOf(manifest.globals.key)).toString();
    expect(sql).toMatch(/CREATE ROLE "Zoë";/);
    expect(sql).toMatch(/GRANT readers TO "Zoë"/);
    expect(sql).toMatch(/ALTER ROLE "Zoë" SET statement_timeout TO '5s';/);
    expect(sql).not.toMatch(/PASSWORD|SCRAM|s3cr3t/);
    await asSuperuser(`DROP ROLE "Zoë"; DROP ROLE readers`);
  });

  test('but a dump without a fingerprint is a backup that says why it has none', async () => {
    const log = keepLog();
    const limits = { leaveOut: [{ schema: 'public', name: 'no such table' }], maxTableBytes: -1 };
    const left = await dump(postgres, s3, { log, fingerprint: { limits } });
    expect(left.manifest.fingerprint).toMatchObject({ tablesLeftOut: 1 });
    const none = await dump(postgres, s3, { log, fingerprint: { connections: 0 } });
    expect(none.manifest.fingerprint).toEqual({
      notTaken: expect.stringContaining('expected a concurrency of 1 or more') as string,
    });
    expect(log.lines.join()).toContain('the dump will have no fingerprint');
    await expect(readFingerprint({ s3, bucket: BUCKET }, none.manifest)).resolves.toBeUndefined();
  });

  test('and a companion that was changed is not believed', async () => {
    const { manifest } = await dump(postgres, s3);
    const fingerprint = { ...manifest.fingerprint, sha256: 'f'.repeat(64) } as Manifest['fingerprint'];
    await expect(readFingerprint({ s3, bucket: BUCKET }, { ...manifest, fingerprint })).rejects.toMatchObject(
      {
        code: 'CompanionCorruptError',
      },
    );
  });
});

describe('a migration and a dump keep out of each other’s way', () => {
  const { classId, objectId } = MIGRATION_LOCK;

  test('a dump waits for a migration, and gives up after a while, naming the lock', async () => {
    await postgres.query(postgres.master, async (client) => {
      await client.query('SELECT pg_advisory_lock($1, $2)', [classId, objectId]);
      await expect(dump(postgres, s3, { lockWaitTimeoutMs: 300 })).rejects.toMatchObject({
        code: 'MigrationRunningError',
        retryable: true,
      });
      const waiting = dump(postgres, s3, { lockWaitTimeoutMs: 30_000 });
      await new Promise((resolve) => setTimeout(resolve, 500));
      await client.query('SELECT pg_advisory_unlock($1, $2)', [classId, objectId]);
      await expect(waiting).resolves.toMatchObject({ outcome: 'created' });
    });
  });

  test('a migration waits for a dump, and the dump holds the lock no longer than it runs', async () => {
    await postgres.query(postgres.master, async (client) => {
      await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const dumping = dump(postgres, s3);
      await untilDumpWaitsForLock(client);
      const free = () =>
        client.query<{ free: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS free', [
          classId,
          objectId,
        ]);
      expect((await free()).rows).toEqual([{ free: false }]);
      await client.query('ROLLBACK');
      await dumping;
      expect((await free()).rows).toEqual([{ free: true }]);
    });
  });
});

describe('the password', () => {
  test("is in no argument, environment, log or file of a running dump, but in libpq's own password file", async () => {
    const log = keepLog();
    const { password } = postgres.master;
    const lock = await postgres.query(postgres.master, async (client) => {
      // pg_dump waits here, so that we can look at it.
      await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const dumping = dump(postgres, s3, { path: observed.path, log });
      await untilDumpWaitsForLock(client);
      const proc = (name: string) => readFileSync(`/proc/${observed.pid()}/${name}`, 'utf8');
      const seen = { cmdline: proc('cmdline'), environ: proc('environ') };
      await client.query('ROLLBACK');
      await dumping;
      return seen;
    });
    expect(lock.cmdline).toContain('--format=custom');
    expect(lock.environ).toContain('PGPASSFILE=');
    expect(lock.environ).not.toContain('HOME=');
    expect(`${lock.cmdline}${lock.environ}${log.lines.join('\n')}`).not.toContain(password);
    const ours = `${PASSFILE_FOLDER_PREFIX}${process.pid}-`;
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(ours))).toEqual([]);
  });

  test('is not in the error when it is wrong', async () => {
    const endpoint = { ...postgres.master, password: 'n0t-the-pa55word' };
    const failure = await dump(postgres, s3, { endpoint }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'DatabaseAuthenticationError' });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('n0t-the-pa55word');
  });
});

describe('nothing is dumped, and the vault stays as it was,', () => {
  let before: string[];
  beforeEach(async () => {
    before = await keysOfVault();
  });
  // eslint-disable-next-line jest/no-standalone-expect -- what every one of these tests must leave behind
  afterEach(async () => expect(await keysOfVault()).toEqual(before));

  test('when the server does not prove who it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'golive-test-ca-'));
    const caFile = join(folder, 'other.pem');
    writeFileSync(caFile, (await makeLocalCertificates()).authority);
    const dumping = dump(postgres, s3, { endpoint: { ...postgres.master, caFile } });
    await expect(dumping).rejects.toMatchObject({ code: 'DatabaseTlsError', retryable: false });
    rmSync(folder, { recursive: true });
  });

  test('when the server offers no TLS: nothing is sent but the question', async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) =>
      socket.on('data', (data) => {
        received.push(data);
        // https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-SSL
        socket.write('N');
      }),
    );
    await once(server.listen(0, 'localhost'), 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(dump(postgres, s3, { endpoint: { ...postgres.master, port } })).rejects.toMatchObject({
      code: 'DatabaseTlsError',
    });
    expect(Buffer.concat(received)).toHaveLength(8);
    server.close();
  });

  test('when row-level security hides rows, with the statement that helps', async () => {
    await asMaster(`ALTER TABLE orders ENABLE ROW LEVEL SECURITY`);
    // The owner sees all.
    await expect(dump(postgres, s3)).resolves.toMatchObject({ outcome: 'created' });
    before = await keysOfVault();
    await asMaster(`ALTER TABLE orders FORCE ROW LEVEL SECURITY`);
    await expect(dump(postgres, s3)).rejects.toMatchObject({
      code: 'RowSecurityBlocksDumpError',
      message: expect.stringMatching(/public\.orders.*ALTER ROLE "golive_admin" BYPASSRLS/) as string,
    });
    await asMaster(
      `ALTER TABLE orders DISABLE ROW LEVEL SECURITY; ALTER TABLE orders NO FORCE ROW LEVEL SECURITY`,
    );
  });

  test('when tables may not be read, with all their names', async () => {
    await asSuperuser(`
      CREATE ROLE weak LOGIN PASSWORD 'weak';
      CREATE SCHEMA "Hidden Café" CREATE TABLE one (i int) CREATE TABLE "Two!" (i int)`);
    const endpoint = { ...postgres.master, user: 'weak', password: 'weak' };
    await expect(dump(postgres, s3, { endpoint })).rejects.toMatchObject({
      code: 'TablesNotReadableError',
      message: expect.stringMatching(
        /"Hidden Café"\."Two!", "Hidden Café"\.one, public\.orders; grant it pg_read_all_data/,
      ) as string,
    });
    await asSuperuser(`DROP SCHEMA "Hidden Café" CASCADE; DROP ROLE weak`);
  });

  test('when the client is older than the server, with the package to install', async () => {
    const old = makeProgramFolder();
    old.write('pg_dump', `console.log('pg_dump (PostgreSQL) 12.22')`);
    const dumping = dump(postgres, s3, { path: old.path }).finally(() => old.remove());
    await expect(dumping).rejects.toMatchObject({
      code: 'ClientTooOldError',
      message: expect.stringMatching(/rebuild the image with the postgresql\d+ package/) as string,
    });
  });

  test('when nobody answers, or there is no such database', async () => {
    const dumpOf = (changes: object) => dump(postgres, s3, { endpoint: { ...postgres.master, ...changes } });
    await expect(dumpOf({ port: 1 })).rejects.toMatchObject({
      code: 'DatabaseConnectionError',
      retryable: true,
    });
    await expect(dumpOf({ database: 'none' })).rejects.toMatchObject({
      code: 'DatabaseConnectionError',
      retryable: false,
    });
  });

  test('when the vault is not there', async () => {
    await expect(dump(postgres, s3, { bucket: 'no-such-vault' })).rejects.toMatchObject({
      code: 'ManifestAccessError',
      message: expect.stringContaining('NoSuchBucket') as string,
    });
  });
});
