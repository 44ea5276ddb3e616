import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  BackupNotFoundError,
  CatalogueUnavailableError,
  listDumps,
  listUnfinishedUploads,
  newestDump,
} from '../../../../core/backup/catalogue';
import type { Manifest } from '../../../../core/backup/manifest';
import { archiveKey, asBackupId, manifestKey } from '../../../../core/backup/vault-layout';

const BUCKET = 'vault';
const CHECKSUM = 'y/Q5Jg==';

/** A vault in memory that answers as S3 does. */
class Vault {
  readonly s3 = new S3Client({});
  readonly mock = mockClient(this.s3);
  private readonly objects = new Map<string, { bytes: number; text?: string; checksum?: string; at: Date }>();
  pageSize = 1000;

  constructor() {
    this.mock.on(ListObjectsV2Command).callsFake(({ Prefix = '', ContinuationToken }) => {
      const keys = [...this.objects.keys()].filter((key) => key.startsWith(Prefix as string)).sort();
      const from = Number(ContinuationToken ?? 0);
      const page = keys.slice(from, from + this.pageSize);
      const more = from + this.pageSize < keys.length;
      return {
        Contents: page.map((Key) => ({
          Key,
          Size: this.objects.get(Key)!.bytes,
          LastModified: this.objects.get(Key)!.at,
        })),
        IsTruncated: more,
        ...(more && { NextContinuationToken: String(from + this.pageSize) }),
      };
    });
    this.mock.on(GetObjectCommand).callsFake(({ Key }) => {
      const { text } = this.objects.get(Key as string) ?? {};
      if (text === undefined) throw refusal('NoSuchKey', 404);
      return { Body: { transformToString: () => Promise.resolve(text) } };
    });
    this.mock.on(HeadObjectCommand).callsFake(({ Key }) => {
      const object = this.objects.get(Key as string);
      if (!object) throw refusal('NotFound', 404);
      return { ContentLength: object.bytes, ChecksumCRC32: object.checksum };
    });
  }

  put(key: string, object: { bytes?: number; text?: string; checksum?: string; at?: Date } = {}): void {
    const { text } = object;
    this.objects.set(key, { bytes: text?.length ?? 10, at: new Date('2026-11-01T03:00:00Z'), ...object });
  }

  remove(key: string): void {
    this.objects.delete(key);
  }

  /** A good backup, or one with a manifest that says something else. */
  backup(
    id: string,
    changes: { manifest?: (manifest: Manifest) => unknown; at?: Date; database?: string } = {},
  ) {
    const { database = 'golive', at = new Date('2026-11-01T03:00:00Z') } = changes;
    const manifest = manifestOf(id, database);
    this.put(manifest.archive.key, { bytes: manifest.archive.bytes, checksum: CHECKSUM, at });
    const key = manifestKey(database, asBackupId(id)!);
    this.put(key, { text: JSON.stringify(changes.manifest?.(manifest) ?? manifest), at });
    return { manifestKey: key, archiveKey: manifest.archive.key };
  }
}

function manifestOf(id: string, database: string): Manifest {
  const backupId = asBackupId(id)!;
  return {
    manifestVersion: 1,
    backupId,
    environment: 'local',
    source: {
      instanceIdentifier: 'db',
      dbiResourceId: 'db-1',
      database,
      serverVersion: '15.18',
      serverVersionNumber: 150018,
      sizeBytes: 1000,
    },
    archive: {
      key: archiveKey(database, backupId, 'a1'),
      format: 'custom',
      compression: 'gzip:1',
      clientVersion: '15.18',
      bytes: 100,
      sha256: 'a'.repeat(64),
      s3ChecksumCrc32: CHECKSUM,
      parts: 2,
    },
    globals: {
      key: 'dumps/x/globals-a1.sql',
      bytes: 10,
      sha256: 'b'.repeat(64),
    },
    fingerprint: { notTaken: 'this is a test' },
    scheduledFor: '2026-11-01T02:00:00.000Z',
    startedAt: '2026-11-01T02:00:00.000Z',
    completedAt: '2026-11-01T02:01:00.000Z',
  };
}

function refusal(name: string, status: number): S3ServiceException {
  return new S3ServiceException({
    name,
    $fault: status < 500 ? 'client' : 'server',
    message: `S3 says ${name}`,
    $metadata: { httpStatusCode: status },
  });
}

const ID = '20261101T020000Z';

describe('what is listed as a backup', () => {
  let vault: Vault;
  beforeEach(() => {
    vault = new Vault();
  });
  const list = () => listDumps({ s3: vault.s3, bucket: BUCKET, database: 'golive' });

  /** Nothing is listed, and the reasons are these. */
  async function expectRejected(...reasons: string[]): Promise<void> {
    const { dumps, rejected } = await list();
    expect(dumps).toEqual([]);
    expect(rejected.map(({ reason }) => reason)).toEqual(reasons);
    for (const { message } of rejected) expect(message).toMatch(/; |, so /);
  }

  test('an archive without a manifest is a dump that did not end', async () => {
    const { manifestKey: key } = vault.backup(ID);
    vault.remove(key);
    await expectRejected('manifest-missing');
  });

  test('a manifest without its archive is no backup', async () => {
    const { archiveKey: key } = vault.backup(ID);
    vault.remove(key);
    await expectRejected('archive-missing');
  });

  test('an archive that was truncated is no backup, and its checksum need not be asked for', async () => {
    const { archiveKey: key } = vault.backup(ID);
    vault.put(key, { bytes: 99, checksum: CHECKSUM });
    await expectRejected('archive-size-differs');
    expect(vault.mock.commandCalls(HeadObjectCommand)).toHaveLength(0);
  });

  test.each([
    ['other bytes', 'LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=-2'],
    ['no checksum at all', undefined],
  ])(
    'an archive that was overwritten by something of the same size with %s is no backup',
    async (_, checksum) => {
      const { archiveKey: key } = vault.backup(ID);
      vault.put(key, { bytes: 100, ...(checksum && { checksum }) });
      await expectRejected('archive-checksum-differs');
    },
  );

  test('an archive that vanishes while we look is no backup', async () => {
    vault.backup(ID);
    vault.mock.on(HeadObjectCommand).rejects(refusal('NotFound', 404));
    await expectRejected('archive-missing');
  });

  test('a manifest that was cut short is no backup', async () => {
    const { manifestKey: key } = vault.backup(ID);
    vault.put(key, { text: '{"manifestVersion":1,"backupI' });
    await expectRejected('manifest-invalid');
  });

  test.each([
    ['of a later version', (manifest: Manifest) => ({ ...manifest, manifestVersion: 2 })],
    ['without its archive', ({ archive: _, ...rest }: Manifest) => rest],
    ['with a field that nobody knows', (manifest: Manifest) => ({ ...manifest, extra: true })],
    ['that is an array', () => []],
  ])('a manifest %s is no backup', async (_, manifest) => {
    vault.backup(ID, { manifest });
    await expectRejected('manifest-invalid');
  });

  test('something as large as an archive in a manifest’s place is not even read', async () => {
    const { manifestKey: key } = vault.backup(ID);
    vault.put(key, { bytes: 5_000_000_000 });
    await expectRejected('manifest-invalid');
    expect(vault.mock.commandCalls(GetObjectCommand)).toHaveLength(0);
  });

  test.each([
    ['another instant', (manifest: Manifest) => ({ ...manifest, backupId: '20261102T020000Z' })],
    [
      'another database',
      (manifest: Manifest) => ({ ...manifest, source: { ...manifest.source, database: 'other' } }),
    ],
    [
      'an archive elsewhere',
      (manifest: Manifest) => ({
        ...manifest,
        archive: { ...manifest.archive, key: archiveKey('other', asBackupId(ID)!, 'a1') },
      }),
    ],
    [
      'something that is no archive',
      (manifest: Manifest) => ({ ...manifest, archive: { ...manifest.archive, key: 'drills/x.json' } }),
    ],
  ])('a manifest that speaks of %s is no backup', async (_, manifest) => {
    vault.backup(ID, { manifest });
    await expectRejected('manifest-misplaced');
  });

  test('a manifest that S3 refuses to give is no backup', async () => {
    vault.backup(ID);
    vault.mock.on(GetObjectCommand).rejects(refusal('AccessDenied', 403));
    await expectRejected('unreadable');
  });

  test('an archive whose checksum S3 refuses to tell is no backup', async () => {
    vault.backup(ID);
    vault.mock.on(HeadObjectCommand).rejects(refusal('AccessDenied', 403));
    await expectRejected('unreadable');
  });

  test.each([
    'dumps/golive/readme.txt',
    'dumps/golive/2026/11/01/20261101T020000Z/notes.txt',
    'dumps/golive/2026/11/02/20261101T020000Z/manifest.json',
    'dumps/golive/2026/11/01/yesterday/manifest.json',
    'dumps/golive/2026/11/01/20261101T020000Z/archive-../x.pgdump',
    'dumps/golive/2026/11/01/20261101T020000Z/old/manifest.json',
  ])('%s is foreign, whoever put it there', async (key) => {
    vault.put(key);
    await expectRejected('foreign-object');
  });

  test('a key that is not percent-encoded does not end the listing', async () => {
    vault.put('dumps/%E0%A4%A/2026/11/01/20261101T020000Z/manifest.json');
    vault.backup(ID);
    const { dumps, rejected } = await listDumps({ s3: vault.s3, bucket: BUCKET });
    expect(dumps).toHaveLength(1);
    expect(rejected.map(({ reason }) => reason)).toEqual(['foreign-object']);
  });

  test('what a failed attempt left beside a good backup is shown, and the backup stays good', async () => {
    vault.backup(ID);
    vault.put(archiveKey('golive', asBackupId(ID)!, 'a0'));
    const { dumps, rejected } = await list();
    expect(dumps).toHaveLength(1);
    expect(rejected.map(({ reason }) => reason)).toEqual(['archive-not-named']);
  });

  test.each([
    ['the bucket is not there', refusal('NoSuchBucket', 404), false],
    ['S3 is down', refusal('ServiceUnavailable', 503), true],
    ['there is no network', new Error('getaddrinfo ENOTFOUND'), true],
  ])('when %s, nothing is said of the backups', async (_, failure, retryable) => {
    vault.mock.on(ListObjectsV2Command).rejects(failure);
    const error = await list().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CatalogueUnavailableError);
    expect(error).toMatchObject({ retryable });
  });

  test.each([GetObjectCommand, HeadObjectCommand])(
    'when S3 fails at %p, a good backup is not taken for a bad one',
    async (command) => {
      vault.backup(ID);
      vault.mock.on(command).rejects(refusal('SlowDown', 503));
      await expect(list()).rejects.toThrow(CatalogueUnavailableError);
    },
  );

  test('when the second page does not come, the first is not shown as all', async () => {
    for (let day = 1; day < 9; day++) vault.backup(`2026110${day}T020000Z`);
    vault.pageSize = 3;
    const pages = vault.mock.commandCalls(ListObjectsV2Command);
    expect(pages).toHaveLength(0);
    vault.mock
      .on(ListObjectsV2Command, { Bucket: BUCKET, Prefix: 'dumps/golive/', ContinuationToken: '3' })
      .rejects(refusal('InternalError', 500));
    await expect(list()).rejects.toThrow(CatalogueUnavailableError);
  });

  test('the newest comes first by S3’s clock, whatever the ids say; in the same second, the later id', async () => {
    vault.backup('20261103T020000Z', { at: new Date('2026-11-01T00:00:00Z') });
    vault.backup('20261101T020000Z', { at: new Date('2026-11-05T00:00:00Z') });
    vault.backup('20261102T020000Z', { at: new Date('2026-11-05T00:00:00Z') });
    const { dumps } = await list();
    expect(dumps.map(({ backupId }) => backupId)).toEqual([
      '20261102T020000Z',
      '20261101T020000Z',
      '20261103T020000Z',
    ]);
    expect(dumps[0]!.storedAt).toEqual(new Date('2026-11-05T00:00:00Z'));
  });

  test('every page is read, and no more backups are checked at once than asked for', async () => {
    for (let n = 0; n < 50; n++) vault.backup(`20261101T02${String(n).padStart(2, '0')}00Z`);
    vault.pageSize = 7;
    let atOnce = 0;
    let most = 0;
    const answer = { ContentLength: 100, ChecksumCRC32: CHECKSUM };
    vault.mock.on(HeadObjectCommand).callsFake(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return answer;
    });
    const { dumps } = await listDumps({ s3: vault.s3, bucket: BUCKET, database: 'golive', concurrency: 4 });
    expect(dumps).toHaveLength(50);
    expect(most).toBe(4);
  });

  test('a database named like the start of another is another', async () => {
    vault.backup(ID, { database: 'golive2' });
    vault.backup(ID, { database: 'Größe & "Maß"/1' });
    expect((await list()).dumps).toEqual([]);
    const odd = await listDumps({ s3: vault.s3, bucket: BUCKET, database: 'Größe & "Maß"/1' });
    expect(odd.dumps.map(({ database }) => database)).toEqual(['Größe & "Maß"/1']);
    expect((await listDumps({ s3: vault.s3, bucket: BUCKET })).dumps).toHaveLength(2);
  });

  test('the newest good one is found behind newer ones that are none', async () => {
    vault.backup('20261101T020000Z', { at: new Date('2026-11-01T00:00:00Z') });
    const { archiveKey: key } = vault.backup('20261102T020000Z', { at: new Date('2026-11-02T00:00:00Z') });
    vault.remove(key);
    const newest = await newestDump({ s3: vault.s3, bucket: BUCKET, database: 'golive' });
    expect(newest.backupId).toBe('20261101T020000Z');
  });

  test('with nothing but broken ones there is no newest', async () => {
    const { archiveKey: key } = vault.backup(ID);
    vault.remove(key);
    await expect(newestDump({ s3: vault.s3, bucket: BUCKET })).rejects.toThrow(BackupNotFoundError);
  });
});

test('unfinished uploads are found on every page', async () => {
  const vault = new Vault();
  const startedAt = new Date('2026-11-01T02:00:00Z');
  vault.mock
    .on(ListMultipartUploadsCommand)
    .resolvesOnce({
      Uploads: [{ Key: 'dumps/golive/a', UploadId: '1', Initiated: startedAt }],
      IsTruncated: true,
      NextKeyMarker: 'dumps/golive/a',
      NextUploadIdMarker: '1',
    })
    .resolvesOnce({ Uploads: [{ Key: 'dumps/golive/b', UploadId: '2', Initiated: startedAt }] });
  expect(await listUnfinishedUploads(vault.s3, BUCKET, 'golive')).toEqual([
    { key: 'dumps/golive/a', uploadId: '1', startedAt },
    { key: 'dumps/golive/b', uploadId: '2', startedAt },
  ]);
  const [, second] = vault.mock.commandCalls(ListMultipartUploadsCommand);
  expect(second!.args[0].input).toMatchObject({ KeyMarker: 'dumps/golive/a', UploadIdMarker: '1' });
});
