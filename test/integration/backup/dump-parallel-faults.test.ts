import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { startLoopbackS3, type LoopbackS3 } from '../../../bench/support/loopback-s3';
import { DEADLINE_MARGIN_MS } from '../../../core/backup/dump/deadline';
import { DUMP_FOLDER_PREFIX } from '../../../core/backup/dump/dump-folder';
import { openFilesOf } from '../../../core/backup/dump/open-files';
import type { DumpRequest } from '../../../core/backup/dump/take-dump';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { bundledProgram } from '../../support/bundled-program';
import { until } from '../../support/processes';
import type { DumpChildJob } from './dump-child';
import { dump, dumpBackends, failureAfterFirstPart, keepLog, observedPgDump, s3At } from './dump-support';

/** Each makes a file of about 20 MB, more than a part: when the first part is stored, others are still written. */
const TABLES = 6;
const ROWS = 200_000;

let postgres: LocalPostgres;
let loopback: LoopbackS3;
let s3: S3Client;
let observed: ReturnType<typeof observedPgDump>;
let folder: string;
let few: PostgresEndpoint;

beforeAll(async () => {
  [postgres, loopback] = await Promise.all([startPostgres(), startLoopbackS3()]);
  s3 = s3At(loopback.endpoint);
  observed = observedPgDump(postgres.binFolder);
  folder = mkdtempSync(join(tmpdir(), 'golive-test-parallel-'));
  await postgres.query(postgres.master, async (client) => {
    for (let table = 1; table <= TABLES; table += 1) {
      await client.query(
        `CREATE TABLE noise_${table} AS SELECT i, sha512((i + ${table} * ${ROWS})::text::bytea) AS one, sha256(i::text::bytea) AS two
         FROM generate_series(1, ${ROWS}) AS i`,
      );
    }
    await client.query('ANALYZE');
  });
  few = await postgres.createDatabase('few');
  await postgres.query(few, (client) => client.query('CREATE TABLE few AS SELECT 1 AS i'));
});

afterAll(async () => {
  observed.remove();
  s3.destroy();
  rmSync(folder, { recursive: true });
  await Promise.all([loopback.stop(), postgres.stop()]);
});

afterEach(() => loopback.inject());

const parallel = (changes: Partial<DumpRequest> = {}) =>
  dump(postgres, s3, { path: observed.path, archive: { format: 'directory', jobs: 2, folder }, ...changes });

const failsAfterFirstPart = (strike: () => unknown, more: Partial<DumpRequest> = {}) =>
  failureAfterFirstPart((changes) => parallel({ ...changes, ...more }), strike);

/** No manifest, no archive, no upload, no file, no process of the group, no session. */
async function expectNothingLeft(objectsBefore: string[]): Promise<void> {
  const { uploads, objects } = await loopback.state();
  expect(uploads).toBe(0);
  expect(Object.keys(objects)).toEqual(objectsBefore);
  expect(readdirSync(folder)).toEqual([]);
  expect(filesOpenIn(observed.pid())).toEqual([]);
  await until(async () => (await dumpBackends(postgres)) === 0);
}

/** Who has none open, not even a pipe, is dead; its parent may not have asked yet. */
const filesOpenIn = (group: number) => [...(openFilesOf(group) ?? [])];

const objectsOf = async () => Object.keys((await loopback.state()).objects);

/** The jobs of the pg_dump that runs. */
const workers = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === observed.pid());

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

describe('there is no backup and nothing is left', () => {
  let before: string[];
  beforeEach(async () => (before = await objectsOf()));
  afterEach(() => expectNothingLeft(before));

  test('when pg_dump is killed half-way: its jobs end with it', async () => {
    const failure = await failsAfterFirstPart(() => process.kill(observed.pid(), 'SIGKILL'));
    expect(failure).toMatchObject({ code: 'PgDumpKilledError', signal: 'SIGKILL', retryable: true });
  });

  test('when one of its jobs is killed half-way', async () => {
    const failure = await failsAfterFirstPart(() => process.kill(workers()[0]!, 'SIGKILL'));
    expect(failure).toMatchObject({ code: 'PgDumpKilledError', exitCode: 1, retryable: true });
  });

  test("when the server ends a job's session half-way", async () => {
    const failure = await failsAfterFirstPart(() =>
      postgres.query(postgres.superuser, (client) =>
        client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name LIKE 'golive-dump%' AND query LIKE 'COPY %' LIMIT 1`,
        ),
      ),
    );
    expect(failure).toMatchObject({ code: 'PgDumpConnectionLostError', retryable: true });
  });

  test('when the disk is full: a file may not grow as large as a table needs', async () => {
    const limited = observedPgDump(postgres.binFolder, `trap '' XFSZ; ulimit -f 10240`);
    const failure: unknown = await parallel({ path: limited.path }).catch((error: unknown) => error);
    limited.remove();
    expect(failure).toMatchObject({ code: 'PgDumpDiskFullError', retryable: false });
    expect((failure as Error).message).toMatch(/File too large.*a larger disk/);
  });

  test('when S3 refuses a part for good', async () => {
    await loopback.inject({
      operation: 'UploadPart',
      kind: 'refuse',
      status: 403,
      code: 'AccessDenied',
      after: 2,
    });
    await expect(parallel()).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: false,
      message: expect.stringContaining('AccessDenied') as string,
    });
  });

  test('when S3 does not complete the upload', async () => {
    await loopback.inject({ operation: 'CompleteMultipartUpload', kind: 'refuse-with-200' });
    await expect(parallel({ endpoint: few })).rejects.toMatchObject({ code: 'ArchiveUploadError' });
  });

  test('when the time is nearly over, though S3 answers nothing any more', async () => {
    await loopback.inject({ operation: 'UploadPart', kind: 'hang' });
    const deadline = new Date(Date.now() + DEADLINE_MARGIN_MS + 4_000);
    await expect(parallel({ deadline })).rejects.toMatchObject({ code: 'DeadlineReachedError' });
  });

  test('when the caller stops it', async () => {
    const stop = new AbortController();
    const failure = await failsAfterFirstPart(() => stop.abort(), { signal: stop.signal });
    expect(failure).toMatchObject({ code: 'DumpAbortedError', retryable: true });
  });

  test('when a migration holds a lock for longer than we wait', async () => {
    await postgres.query(postgres.master, async (client) => {
      await client.query('BEGIN; LOCK TABLE noise_1 IN ACCESS EXCLUSIVE MODE');
      await expect(parallel({ lockWaitTimeoutMs: 100 })).rejects.toMatchObject({
        code: 'PgDumpLockTimeoutError',
      });
    });
  });

  test('when a session queues for an exclusive lock while the dump runs, and the error says what to do', async () => {
    await postgres.query(postgres.master, async (client) => {
      const failure = await failsAfterFirstPart(() =>
        // Waits for pg_dump's own lock, and gets it when pg_dump is gone.
        client.query(`BEGIN; LOCK TABLE noise_${TABLES} IN ACCESS EXCLUSIVE MODE; ROLLBACK`),
      );
      expect(failure).toMatchObject({
        code: 'PgDumpLockQueuedError',
        retryable: true,
        message: expect.stringMatching(/take the migration lock/) as string,
      });
    });
  });
});

describe('nothing is begun', () => {
  let uploads: number | undefined;
  beforeEach(async () => (uploads = (await loopback.state()).counts.CreateMultipartUpload));
  // eslint-disable-next-line jest/no-standalone-expect -- what every one of these tests must leave behind
  afterEach(async () => expect((await loopback.state()).counts.CreateMultipartUpload).toBe(uploads));

  test('when the folder is not there, or is none', async () => {
    for (const odd of [join(folder, 'none'), '/etc/hostname']) {
      await expect(
        parallel({ archive: { format: 'directory', jobs: 2, folder: odd } }),
      ).rejects.toMatchObject({ code: 'DumpFolderUnusableError', retryable: false });
    }
  });

  test('when the disk has no room for what is written at one time, with the figures', async () => {
    // A petabyte, as far as the planner knows.
    const pages = (n: number) =>
      postgres.query({ ...postgres.superuser, database: few.database }, (client) =>
        client.query(`UPDATE pg_class SET relpages = ${n} WHERE relname = 'few'`),
      );
    await pages(2 ** 31 - 1);
    await expect(parallel({ endpoint: few })).rejects.toMatchObject({
      code: 'DumpFolderTooSmallError',
      message: expect.stringMatching(
        /has \d+ bytes free, and a dump with 2 jobs needs \d{13} at the least/,
      ) as string,
    });
    await pages(1);
  });
});

test('a run that was killed takes pg_dump with it, and the next run removes its files', async () => {
  const child = fork(await bundledProgram(join(__dirname, 'dump-child.ts')));
  const exit = once(child, 'exit');
  const job: DumpChildJob = {
    s3Endpoint: loopback.endpoint,
    endpoint: postgres.master,
    path: observed.path,
    archive: { format: 'directory', jobs: 2, folder },
  };
  child.send(job);
  expect(await exit).toEqual([null, 'SIGKILL']);
  await until(() => filesOpenIn(observed.pid()).length === 0);
  await until(async () => (await dumpBackends(postgres)) === 0);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(`^${DUMP_FOLDER_PREFIX}${child.pid}-`)]);

  const log = keepLog();
  await expect(parallel({ endpoint: few, log })).resolves.toMatchObject({ outcome: 'created' });
  expect(readdirSync(folder)).toEqual([]);
  expect(log.lines.join()).toContain('removed what killed runs had left');
});

test('a session that S3 keeps waiting holds the dump back and ends well', async () => {
  await loopback.inject({ operation: 'UploadPart', kind: 'slow', ms: 300 });
  const { manifest } = await parallel();
  const stored = (await loopback.state()).objects[`/vault/${manifest.archive.key}`];
  expect(stored).toEqual({ bytes: manifest.archive.bytes, checksum: manifest.archive.s3ChecksumCrc32 });
  expect(readdirSync(folder)).toEqual([]);
});
