import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { listDumps, listUnfinishedUploads, type DumpCatalogue } from '../../../core/backup/catalogue';
import type { Manifest } from '../../../core/backup/manifest';
import { archiveKey, manifestKey } from '../../../core/backup/vault-layout';
import type { LocalPostgres } from '../../../local/postgres';
import { BUCKET, dump, startDatabaseAndVault } from './dump-support';

/** Real dumps, in a vault whose checksums the store computed by itself. */
describe('the catalogue of a vault', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let good: Manifest;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await postgres.query(postgres.master, (client) =>
      client.query('CREATE TABLE notes AS SELECT n, md5(n::text) FROM generate_series(1, 1000) AS n'),
    );
    ({ manifest: good } = await dump(postgres, s3));
  }, 300_000);

  afterAll(async () => {
    await stop();
  });

  const list = () => listDumps({ s3, bucket: BUCKET });
  const put = (key: string, body: string | Uint8Array) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  const contentOf = async ({ archive }: Manifest) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: archive.key }));
    return await Body!.transformToByteArray();
  };

  /** The good one, and nothing else, is a backup; the other was rejected for this reason. */
  function expectRejected({ dumps, rejected }: DumpCatalogue, bad: Manifest, reason: string): void {
    expect(dumps.map(({ backupId }) => backupId)).toEqual([good.backupId]);
    expect(rejected.find(({ backupId }) => backupId === bad.backupId)).toMatchObject({ reason });
  }

  test('lists a dump by what S3 itself says of its archive', async () => {
    const { dumps, rejected } = await list();
    expect(rejected).toEqual([]);
    expect(dumps).toHaveLength(1);
    expect(dumps[0]!.manifest).toEqual(good);
    expect(Math.abs(dumps[0]!.storedAt.getTime() - Date.now())).toBeLessThan(300_000);
  });

  test('rejects a dump whose archive was truncated afterwards', async () => {
    const { manifest } = await dump(postgres, s3);
    const content = await contentOf(manifest);
    await put(manifest.archive.key, content.subarray(0, content.length - 1));
    expectRejected(await list(), manifest, 'archive-size-differs');
  });

  test('rejects a dump with one changed bit, by the checksum alone', async () => {
    const { manifest } = await dump(postgres, s3);
    const content = await contentOf(manifest);
    content[100]! ^= 1;
    await put(manifest.archive.key, content);
    expectRejected(await list(), manifest, 'archive-checksum-differs');
  });

  test('rejects a dump whose archive was deleted', async () => {
    const { manifest } = await dump(postgres, s3);
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: manifest.archive.key }));
    expectRejected(await list(), manifest, 'archive-missing');
  });

  test('rejects a dump whose manifest was never written', async () => {
    const { manifest } = await dump(postgres, s3);
    const key = manifestKey(manifest.source.database, manifest.backupId);
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    expectRejected(await list(), manifest, 'manifest-missing');
  });

  test('rejects a dump whose manifest was cut short', async () => {
    const { manifest } = await dump(postgres, s3);
    await put(
      manifestKey(manifest.source.database, manifest.backupId),
      JSON.stringify(manifest).slice(0, 200),
    );
    expectRejected(await list(), manifest, 'manifest-invalid');
  });

  test('shows an upload that was begun and not ended, which is no backup', async () => {
    const key = archiveKey('golive', good.backupId, 'begun');
    await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key }));
    expect(await listUnfinishedUploads(s3, BUCKET)).toMatchObject([{ key }]);
    expect((await list()).dumps).toHaveLength(1);
  });
});
