import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { putManifest, readManifest } from '../../../../core/backup/dump/manifest-object';
import { Manifest } from '../../../../core/backup/manifest';

const s3 = mockClient(S3Client);
const key = 'dumps/shop/2026/11/23/20261123T020000Z/manifest.json';
const place = { s3: new S3Client({}), bucket: 'vault', key };
const failure = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode } });

function manifestOf(attempt: string): Manifest {
  return Manifest.parse({
    manifestVersion: 1,
    backupId: '20261123T020000Z',
    environment: 'prod',
    source: {
      instanceIdentifier: 'shop',
      dbiResourceId: 'db-ABC',
      database: 'shop',
      serverVersion: '17.5',
      serverVersionNumber: 170005,
      sizeBytes: 1,
    },
    archive: {
      key: `dumps/shop/2026/11/23/20261123T020000Z/archive-${attempt}.pgdump`,
      format: 'custom',
      compression: 'zstd:1',
      clientVersion: '17.5',
      bytes: 5,
      sha256: 'ab'.repeat(32),
      s3ChecksumCrc32: 'AAAAAA==',
      parts: 1,
    },
    globals: {
      key: 'dumps/x/globals-a1.sql',
      bytes: 10,
      sha256: 'b'.repeat(64),
    },
    fingerprint: { notTaken: 'this is a test' },
    scheduledFor: '2026-11-23T02:00:00.000Z',
    startedAt: '2026-11-23T02:00:01.000Z',
    completedAt: '2026-11-23T02:00:02.000Z',
  });
}

/** From now on the vault holds this text under the manifest's key. */
function vaultHolds(text: string): void {
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: key }] });
  const body = { transformToString: () => Promise.resolve(text) };
  s3.on(GetObjectCommand).resolves({ Body: body as never });
}

beforeEach(() => {
  s3.reset();
  s3.on(ListObjectsV2Command).resolves({});
});

describe('reading', () => {
  test('gives nothing when no manifest is there, without a get that S3 would answer with 403', async () => {
    await expect(readManifest(place)).resolves.toBeUndefined();
    expect(s3.commandCalls(GetObjectCommand)).toHaveLength(0);
  });

  test('does not take a longer key for the manifest', async () => {
    s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: `${key}.bak` }] });
    await expect(readManifest(place)).resolves.toBeUndefined();
  });

  test.each(['{"manifestVersion":2}', '{"manifestVersion":1', ''])(
    'refuses what is no manifest of ours: %p',
    async (text) => {
      vaultHolds(text);
      await expect(readManifest(place)).rejects.toMatchObject({ code: 'ManifestInvalidError' });
    },
  );

  test('says what to allow when S3 refuses', async () => {
    s3.on(ListObjectsV2Command).rejects(failure('AccessDenied', 403));
    await expect(readManifest(place)).rejects.toMatchObject({
      code: 'ManifestAccessError',
      retryable: false,
      message: expect.stringMatching(/AccessDenied.*list objects/) as string,
    });
  });

  test('says that the bucket is missing when it is', async () => {
    s3.on(ListObjectsV2Command).rejects(failure('NoSuchBucket', 404));
    await expect(readManifest(place)).rejects.toThrow(/deploy the Backup stack/);
  });
});

describe('writing', () => {
  test('writes only where no manifest is, with a checksum', async () => {
    s3.on(PutObjectCommand).resolves({});
    const manifest = manifestOf('one');
    await expect(putManifest(place, manifest)).resolves.toBe(manifest);
    const input = s3.commandCalls(PutObjectCommand)[0]!.args[0].input;
    expect(input).toMatchObject({
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'SHA256',
      ContentType: 'application/json',
    });
    expect(Manifest.parse(JSON.parse(input.Body as string))).toEqual(manifest);
  });

  test('gives way to another attempt that was first', async () => {
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    vaultHolds(JSON.stringify(manifestOf('other')));
    await expect(putManifest(place, manifestOf('one'))).resolves.toEqual(manifestOf('other'));
  });

  test('finds its own when only the answer was lost', async () => {
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    vaultHolds(JSON.stringify(manifestOf('one')));
    await expect(putManifest(place, manifestOf('one'))).resolves.toEqual(manifestOf('one'));
  });

  test('tries again when another was being written and came to nothing', async () => {
    s3.on(PutObjectCommand).rejectsOnce(failure('ConditionalRequestConflict', 409)).resolves({});
    await expect(putManifest(place, manifestOf('one'))).resolves.toEqual(manifestOf('one'));
  });

  test('gives up after some tries', async () => {
    s3.on(PutObjectCommand).rejects(failure('ConditionalRequestConflict', 409));
    await expect(putManifest(place, manifestOf('one'))).rejects.toMatchObject({ retryable: true });
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(5);
  });

  test('says that there is no backup when S3 refuses', async () => {
    s3.on(PutObjectCommand).rejects(failure('AccessDenied', 403));
    await expect(putManifest(place, manifestOf('one'))).rejects.toMatchObject({
      code: 'ManifestAccessError',
      message: expect.stringContaining('so this is no backup') as string,
    });
  });
});
