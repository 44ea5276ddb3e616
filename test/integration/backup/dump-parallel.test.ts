import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { extract, pack } from 'tar-stream';
import { createHash } from 'node:crypto';
import { listDumps } from '../../../core/backup/catalogue';
import { readFingerprint } from '../../../core/backup/dump/companions';
import {
  compareFingerprints,
  fingerprintDatabase,
  type DatabaseFingerprint,
} from '../../../core/backup/fingerprint';
import type { Manifest } from '../../../core/backup/manifest';
import { restoreBeside } from '../../../core/backup/restore/restore-beside';
import { restoreDump, type RestoreProgress } from '../../../core/backup/restore/restore-dump';
import { verifyDump, type Verification } from '../../../core/backup/verify';
import type { LocalPostgres } from '../../../local/postgres';
import { BUCKET, dump, fillSample, keepLog, startDatabaseAndVault } from './dump-support';

/** The demo's database, with everything that a database can hold, dumped by several jobs and read back. */
describe('a dump with several jobs', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let manifest: Manifest;
  let source: DatabaseFingerprint;
  /** Of the dump's files, and of what is downloaded. */
  let folder: string;
  let databases = 0;
  const log = keepLog();

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    folder = mkdtempSync(join(tmpdir(), 'golive-test-parallel-'));
    await fillSample(postgres);
    source = await fingerprintDatabase({ endpoint: postgres.master });
    ({ manifest } = await dump(postgres, s3, { archive: { format: 'directory', jobs: 3, folder }, log }));
  }, 300_000);

  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  // eslint-disable-next-line jest/no-standalone-expect -- what every one of these tests must leave behind
  afterEach(() => expect(readdirSync(folder)).toEqual([]));

  const emptyDatabase = () => postgres.createDatabase(`parallel_${++databases}`);

  async function files(): Promise<Map<string, Buffer>> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: manifest.archive.key }));
    const found = new Map<string, Buffer>();
    const tar = extract();
    Readable.from([Buffer.from(await Body!.transformToByteArray())]).pipe(tar as never);
    for await (const entry of tar) {
      const pieces: Buffer[] = [];
      for await (const piece of entry as unknown as AsyncIterable<Buffer>) pieces.push(piece);
      found.set(entry.header.name, Buffer.concat(pieces));
    }
    return found;
  }

  /** An archive of these files that the manifest vouches for, as if a dump had made it so. */
  async function vouchedFor(content: ReadonlyMap<string, Buffer>): Promise<Manifest> {
    const tar = pack();
    for (const [name, bytes] of content) tar.entry({ name }, bytes);
    tar.finalize();
    const pieces: Buffer[] = [];
    for await (const piece of tar as unknown as AsyncIterable<Buffer>) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const key = manifest.archive.key.replace('archive-', `archive-changed-${++databases}-`);
    const { ChecksumCRC32 } = await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ChecksumAlgorithm: 'CRC32' }),
    );
    const vouched = {
      key,
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      s3ChecksumCrc32: ChecksumCRC32!,
    };
    return { ...manifest, archive: { ...manifest.archive, ...vouched } };
  }

  async function verify(of = manifest): Promise<Verification> {
    const fingerprint = await readFingerprint({ s3, bucket: BUCKET }, manifest);
    return await verifyDump({
      s3,
      bucket: BUCKET,
      manifest: of,
      path: postgres.binFolder,
      fingerprint,
      smokeSql: [{ name: 'there are people', sql: 'SELECT count(*) > 0 FROM accounts.people' }],
      withThrowAwayDatabase: async (use) => use(await emptyDatabase()),
      temporaryFolder: folder,
    });
  }

  const statuses = ({ rungs }: Verification) => rungs.map(({ status }) => status).join(' ');

  test('is one object, a backup like any other, with the table of contents at its end', async () => {
    expect(manifest.archive).toMatchObject({ format: 'directory-tar', clientVersion: postgres.version });
    expect(manifest.archive.key).toMatch(/\/archive-[0-9a-f]{8}\.tar$/);
    const { dumps, rejected } = await listDumps({ s3, bucket: BUCKET });
    expect(rejected).toEqual([]);
    expect(dumps.map((found) => found.manifest.archive.key)).toEqual([manifest.archive.key]);
    const names = [...(await files()).keys()];
    expect(names.at(-1)).toBe('toc.dat');
    // Large objects are files of their own.
    expect(names.filter((name) => /^blob_\d+\.dat/.test(name)).length).toBeGreaterThan(1);
    expect(log.lines.join('\n')).not.toContain(postgres.master.password);
  });

  test('has the fingerprint of its own snapshot', async () => {
    const taken = await readFingerprint({ s3, bucket: BUCKET }, manifest);
    expect(compareFingerprints(source, taken!)).toEqual([]);
  });

  test('restores as what was dumped, and says how far it is', async () => {
    const target = await emptyDatabase();
    const told: RestoreProgress[] = [];
    const result = await restoreDump({
      s3,
      bucket: BUCKET,
      manifest,
      target,
      path: postgres.binFolder,
      jobs: 2,
      temporaryFolder: folder,
      onProgress: (progress) => told.push(progress),
    });
    expect(compareFingerprints(source, await fingerprintDatabase({ endpoint: target }))).toEqual([]);
    expect(told.at(0)).toMatchObject({ stage: 'download', totalBytes: manifest.archive.bytes });
    expect(told.at(-1)).toEqual({
      stage: 'restore',
      doneEntries: result.entries,
      totalEntries: result.entries,
    });
    expect(result.leftOut.every(({ entry }) => entry.startsWith('COMMENT - EXTENSION '))).toBe(true);
  });

  test('is restored beside the live database and proven', async () => {
    const restored = await restoreBeside({
      s3,
      bucket: BUCKET,
      manifest,
      live: postgres.master,
      environment: 'test',
      safetyBackup: 'skipped',
      path: postgres.binFolder,
      temporaryFolder: folder,
    });
    expect(restored).toMatchObject({ outcome: 'restored', proof: 'fingerprint' });
  });

  describe('is verified', () => {
    test('and passes every rung', async () => {
      const record = await verify();
      expect(record.rungs.map(({ name, status }) => [name, status])).toEqual(
        ['bytes', 'readable', 'restores', 'structure', 'fingerprint', 'smoke'].map((name) => [
          name,
          'passed',
        ]),
      );
    });

    test('and fails when a file in it was cut short, though all is as its manifest says', async () => {
      const content = await files();
      const [name, bytes] = [...content].sort(([, a], [, b]) => b.length - a.length)[0]!;
      content.set(name, bytes.subarray(0, bytes.length / 2));
      const record = await verify(await vouchedFor(content));
      expect(statuses(record)).toBe('passed failed not-run not-run not-run not-run');
    });

    test.each([
      ['a table’s data', (names: string[]) => names.find((name) => /^\d+\.dat/.test(name))!],
      ['the table of contents', () => 'toc.dat'],
    ])('and fails when %s is missing', async (_, missing) => {
      const content = await files();
      content.delete(missing([...content.keys()]));
      const record = await verify(await vouchedFor(content));
      expect(statuses(record)).toBe('passed failed not-run not-run not-run not-run');
      expect(record.rungs[1]!.detail).toMatch(/the archive cannot be restored/);
    });

    test('and fails when it holds a file that would lie elsewhere, which is not written', async () => {
      const content = await files();
      content.set('../outside', Buffer.from('!'));
      const record = await verify(await vouchedFor(content));
      expect(statuses(record)).toBe('passed failed not-run not-run not-run not-run');
      expect(record.rungs[1]!.detail).toContain('"../outside"');
    });
  });

  test('is refused by a restore when it holds what no dump writes, before the database is touched', async () => {
    const target = await emptyDatabase();
    const refused = restoreDump({
      s3,
      bucket: BUCKET,
      manifest: await vouchedFor(new Map([['/etc/odd', Buffer.from('x')]])),
      target,
      path: postgres.binFolder,
      temporaryFolder: folder,
    });
    await expect(refused).rejects.toMatchObject({ code: 'ArchiveRefusedError', retryable: false });
  });
});
