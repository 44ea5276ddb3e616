import type { S3Client } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import { startLoopbackS3, type LoopbackS3 } from '../../../bench/support/loopback-s3';
import { DEADLINE_MARGIN_MS } from '../../../core/backup/dump/deadline';
import type { DumpRequest } from '../../../core/backup/dump/take-dump';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import {
  dump,
  dumpBackends,
  failureAfterFirstPart,
  keepLog,
  observedPgDump,
  s3At,
  untilDumpWaitsForLock,
} from './dump-support';
import { until } from '../../support/processes';

/**
 * The archive has about 120 MB, more than what fits into memory (48 MiB) behind the first part: when the first
 * part is stored, pg_dump is always still at work.
 */
const ROWS = 1_200_000;

let postgres: LocalPostgres;
let loopback: LoopbackS3;
let s3: S3Client;
let observed: ReturnType<typeof observedPgDump>;
/** A database whose archive is one small part, for what happens at the end of a dump. */
let few: PostgresEndpoint;

beforeAll(async () => {
  [postgres, loopback] = await Promise.all([startPostgres(), startLoopbackS3()]);
  s3 = s3At(loopback.endpoint);
  observed = observedPgDump(postgres.binFolder);
  await postgres.query(postgres.master, (client) =>
    client.query(
      `CREATE TABLE noise AS SELECT i, sha512(i::text::bytea) AS one, sha256(i::text::bytea) AS two
       FROM generate_series(1, ${ROWS}) AS i`,
    ),
  );
  few = await postgres.createDatabase('few');
  await postgres.query(few, (client) => client.query('CREATE TABLE few AS SELECT 1 AS i'));
});

afterAll(async () => {
  observed.remove();
  s3.destroy();
  await Promise.all([loopback.stop(), postgres.stop()]);
});

afterEach(() => loopback.inject());

const oneStream = (changes: Partial<DumpRequest> = {}) =>
  dump(postgres, s3, { path: observed.path, ...changes });

const failsAfterFirstPart = (strike: () => unknown, more: Partial<DumpRequest> = {}) =>
  failureAfterFirstPart((changes) => oneStream({ ...changes, ...more }), strike);

/** No manifest, no archive, no upload, no child, no session. */
async function expectNothingLeft(objectsBefore: string[]): Promise<void> {
  const { uploads, objects } = await loopback.state();
  expect(uploads).toBe(0);
  expect(Object.keys(objects)).toEqual(objectsBefore);
  expect(() => process.kill(observed.pid(), 0)).toThrow('ESRCH');
  await until(async () => (await dumpBackends(postgres)) === 0);
}

const objectsOf = async () => Object.keys((await loopback.state()).objects);

describe('there is no backup and nothing is left', () => {
  let before: string[];
  beforeEach(async () => (before = await objectsOf()));
  afterEach(() => expectNothingLeft(before));

  test('when pg_dump is killed half-way', async () => {
    const failure = await failsAfterFirstPart(() => process.kill(observed.pid(), 'SIGKILL'));
    expect(failure).toMatchObject({ code: 'PgDumpKilledError', signal: 'SIGKILL', retryable: true });
  });

  test("when the server ends pg_dump's session half-way", async () => {
    const failure = await failsAfterFirstPart(() =>
      postgres.query(postgres.superuser, (client) =>
        client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'golive-dump%'`,
        ),
      ),
    );
    expect(failure).toMatchObject({ code: 'PgDumpConnectionLostError', retryable: true });
  });

  test('when S3 refuses a part for good', async () => {
    await loopback.inject({
      operation: 'UploadPart',
      kind: 'refuse',
      status: 403,
      code: 'AccessDenied',
      after: 2,
    });
    await expect(dump(postgres, s3, { path: observed.path })).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: false,
      message: expect.stringContaining('AccessDenied') as string,
    });
  });

  test('when S3 answers "complete" with an error in a 200, again and again', async () => {
    await loopback.inject({ operation: 'CompleteMultipartUpload', kind: 'refuse-with-200' });
    await expect(dump(postgres, s3, { path: observed.path, endpoint: few })).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: true,
      message: expect.stringContaining('S3 did not complete') as string,
    });
  });

  test('when S3 needs to be told three times to abort', async () => {
    await loopback.inject(
      { operation: 'UploadPart', kind: 'refuse', status: 403, code: 'AccessDenied' },
      { operation: 'AbortMultipartUpload', kind: 'ignore', times: 2 },
    );
    const aborted = (await loopback.state()).counts.AbortMultipartUpload ?? 0;
    await expect(dump(postgres, s3, { path: observed.path, endpoint: few })).rejects.toMatchObject({
      code: 'ArchiveUploadError',
    });
    expect((await loopback.state()).counts.AbortMultipartUpload).toBe(aborted + 3);
  });

  test('when the time is nearly over, though S3 answers nothing any more', async () => {
    await loopback.inject({ operation: 'UploadPart', kind: 'hang' });
    const deadline = new Date(Date.now() + DEADLINE_MARGIN_MS + 2_000);
    await expect(dump(postgres, s3, { path: observed.path, deadline })).rejects.toMatchObject({
      code: 'DeadlineReachedError',
      retryable: false,
    });
  });

  test('when the time is nearly over while pg_dump waits for a lock', async () => {
    await withLockedTable(async () => {
      const deadline = new Date(Date.now() + DEADLINE_MARGIN_MS + 2_000);
      await expect(dump(postgres, s3, { path: observed.path, deadline })).rejects.toMatchObject({
        code: 'DeadlineReachedError',
      });
      await until(async () => (await dumpBackends(postgres)) === 0);
    });
  });

  test('when pg_dump is killed while it waits for a lock: its session, which does not notice, is ended', async () => {
    const log = keepLog();
    await withLockedTable(async (client) => {
      const dumping = dump(postgres, s3, { path: observed.path, log }).catch((error: unknown) => error);
      await untilDumpWaitsForLock(client);
      process.kill(observed.pid(), 'SIGKILL');
      expect(await dumping).toMatchObject({ code: 'PgDumpKilledError' });
      await until(async () => (await dumpBackends(postgres)) === 0);
    });
  });

  test('when a migration holds a lock for longer than we wait', async () => {
    await withLockedTable(async () => {
      await expect(dump(postgres, s3, { path: observed.path, lockWaitTimeoutMs: 100 })).rejects.toMatchObject(
        {
          code: 'PgDumpLockTimeoutError',
          retryable: true,
        },
      );
    });
  });

  test('when the caller stops it', async () => {
    const stop = new AbortController();
    const failure = await failsAfterFirstPart(() => stop.abort(), { signal: stop.signal });
    expect(failure).toMatchObject({ code: 'DumpAbortedError', retryable: true });
  });
});

describe('the dump goes on', () => {
  test('when connections are cut in the middle of a part, and S3 is slow to take others', async () => {
    await loopback.inject(
      { operation: 'UploadPart', kind: 'cut', after: 1, times: 2 },
      { operation: 'UploadPart', kind: 'refuse', status: 503, code: 'SlowDown', times: 2 },
      { operation: 'UploadPart', kind: 'refuse', status: 500, code: 'InternalError', times: 1 },
    );
    const { manifest } = await dump(postgres, s3);
    expect(manifest.archive.parts).toBeGreaterThan(5);
    const stored = (await loopback.state()).objects[`/vault/${manifest.archive.key}`];
    expect(stored).toEqual({ bytes: manifest.archive.bytes, checksum: manifest.archive.s3ChecksumCrc32 });
  });

  test('when the answers to "complete" and to the manifest get lost on their way', async () => {
    await loopback.inject(
      { operation: 'CompleteMultipartUpload', kind: 'cut-answer', times: 1 },
      { operation: 'PutObject', kind: 'cut-answer', times: 1 },
    );
    await expect(dump(postgres, s3, { endpoint: few })).resolves.toMatchObject({ outcome: 'created' });
  });
});

test('an archive that S3 holds otherwise than we sent it gets no manifest', async () => {
  const before = await objectsOf();
  await loopback.inject({ operation: 'HeadObject', kind: 'wrong-checksum' });
  await expect(dump(postgres, s3, { endpoint: few })).rejects.toMatchObject({
    code: 'ArchiveMismatchError',
    retryable: true,
  });
  const added = (await objectsOf()).filter((key) => !before.includes(key));
  // The role may not delete: what is left is no backup, because nothing vouches for it.
  expect(added).toEqual([expect.stringMatching(/archive-[0-9a-f]{8}\.pgdump$/)]);
});

test('an archive without a manifest is no backup: the same instant can be dumped again', async () => {
  const scheduledFor = new Date('2026-01-01T00:00:00Z');
  await loopback.inject({
    operation: 'PutObject',
    kind: 'refuse',
    status: 403,
    code: 'AccessDenied',
    after: 2,
    times: 1,
  });
  await expect(dump(postgres, s3, { scheduledFor, endpoint: few })).rejects.toMatchObject({
    code: 'ManifestAccessError',
  });
  await loopback.inject({
    operation: 'PutObject',
    kind: 'refuse',
    status: 403,
    code: 'AccessDenied',
    times: 1,
  });
  await expect(dump(postgres, s3, { scheduledFor, endpoint: few })).rejects.toMatchObject({
    code: 'CompanionAccessError',
  });
  await expect(dump(postgres, s3, { scheduledFor, endpoint: few })).resolves.toMatchObject({
    outcome: 'created',
  });
});

async function withLockedTable(use: (client: Client) => Promise<void>): Promise<void> {
  await postgres.query(postgres.master, async (client) => {
    await client.query('BEGIN; LOCK TABLE noise IN ACCESS EXCLUSIVE MODE');
    await use(client);
  });
}
