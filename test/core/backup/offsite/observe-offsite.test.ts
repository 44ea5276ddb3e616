import { DescribeDBSnapshotsCommand, RDSClient, RDSServiceException } from '@aws-sdk/client-rds';
import {
  GetBucketEncryptionCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { observeOffsite, type Offsite } from '../../../../core/backup/offsite';
import { manifestKey } from '../../../../core/backup/vault-layout';
import { CRC32, MANIFEST } from '../verify/fixtures';
import { copied, DAY_MS, KEY, made, START } from './two-regions';

const MANIFEST_KEY = manifestKey(MANIFEST.source.database, MANIFEST.backupId);
const DUMPED_AT = new Date('2026-04-30T02:10:00Z');

function refusal(name: string, status: number): S3ServiceException {
  return new S3ServiceException({
    name,
    message: name,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  });
}

let s3: S3Client;
let rds: RDSClient;
let vault: ReturnType<typeof mockClient>;
let snapshots: ReturnType<typeof mockClient>;
let objectKey: string | undefined;

beforeEach(() => {
  s3 = new S3Client({ region: 'eu-west-1' });
  rds = new RDSClient({ region: 'eu-west-1' });
  vault = mockClient(s3);
  snapshots = mockClient(rds);
  objectKey = KEY;
  vault.on(ListObjectsV2Command).resolves({
    Contents: [
      { Key: MANIFEST.archive.key, Size: MANIFEST.archive.bytes, LastModified: DUMPED_AT },
      { Key: MANIFEST_KEY, Size: 1000, LastModified: DUMPED_AT },
    ],
  });
  vault.on(GetObjectCommand).resolves({
    Body: { transformToString: () => Promise.resolve(JSON.stringify(MANIFEST)) } as never,
  });
  vault.on(HeadObjectCommand).callsFake(() => ({
    ContentLength: MANIFEST.archive.bytes,
    ChecksumCRC32: CRC32,
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: objectKey,
  }));
  vault.on(GetBucketEncryptionCommand).resolves({
    ServerSideEncryptionConfiguration: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY } }],
    },
  });
  vault.on(GetObjectLockConfigurationCommand).resolves({
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
    },
  });
  snapshots.on(DescribeDBSnapshotsCommand).resolves({ DBSnapshots: [copied(made(1)), copied(made(2))] });
});

const observe = (overrides: Partial<Offsite> = {}) =>
  observeOffsite('prod', {
    region: 'eu-west-1',
    s3,
    rds,
    bucket: 'replica',
    lockRequired: true,
    ...overrides,
  });

describe('what could not be read is an error, and not a copy that is missing', () => {
  test.each([
    ['the vault', ListObjectsV2Command, /replica vault in eu-west-1.*s3:ListBucket/],
    ['its encryption', GetBucketEncryptionCommand, /encryption.*s3:GetEncryptionConfiguration/],
    ['its lock', GetObjectLockConfigurationCommand, /lock.*s3:GetBucketObjectLockConfiguration/],
  ])('%s: refused', async (_what, command, message) => {
    vault.on(command).rejects(refusal('AccessDenied', 403));
    await expect(observe()).rejects.toMatchObject({ code: 'OffsiteUnreadableError', retryable: false });
    await expect(observe()).rejects.toThrow(message);
  });

  test.each([
    ['the vault', ListObjectsV2Command],
    ['its encryption', GetBucketEncryptionCommand],
    ['its lock', GetObjectLockConfigurationCommand],
  ])('%s: S3 failed', async (_what, command) => {
    vault.on(command).rejects(refusal('SlowDown', 503));
    await expect(observe()).rejects.toMatchObject({ code: 'OffsiteUnreadableError', retryable: true });
  });

  test.each([
    ['AccessDenied', 403, false],
    ['Throttling', 400, true],
    ['InternalFailure', 500, true],
  ])('the snapshots: %s', async (name, status, retryable) => {
    snapshots.on(DescribeDBSnapshotsCommand).rejects(
      new RDSServiceException({
        name,
        message: name,
        $fault: 'client',
        $metadata: { httpStatusCode: status },
      }),
    );
    await expect(observe()).rejects.toMatchObject({ code: 'OffsiteUnreadableError', retryable });
    await expect(observe()).rejects.toThrow(/snapshots in eu-west-1/);
  });
});

describe('what is known of the other Region', () => {
  test('nothing, where none is configured', async () => {
    await expect(observeOffsite('prod', undefined)).resolves.toBeUndefined();
  });

  test('all is well: as new as the older of the newest dump and the newest snapshot', async () => {
    await expect(observe()).resolves.toEqual({
      region: 'eu-west-1',
      newestCopyAt: DUMPED_AT,
      encrypted: true,
      locked: true,
      lockRequired: true,
    });
  });

  test('snapshots that stopped show, while dumps go on', async () => {
    snapshots.on(DescribeDBSnapshotsCommand).resolves({ DBSnapshots: [copied(made(9))] });
    await expect(observe()).resolves.toMatchObject({ newestCopyAt: new Date(START.getTime() - 9 * DAY_MS) });
  });

  test.each([
    [
      'another environment',
      [{ ...copied(made(1)), TagList: [{ Key: 'golive:environment', Value: 'staging' }] }],
    ],
    ['nobody we know', [{ ...copied(made(1)), TagList: [] }]],
    ['a copy that is not finished', [copied(made(1), { Status: 'creating' })]],
    ['none', []],
  ])('a snapshot of %s is none', async (_whose, DBSnapshots) => {
    snapshots.on(DescribeDBSnapshotsCommand).resolves({ DBSnapshots });
    await expect(observe()).resolves.toMatchObject({ newestCopyAt: undefined });
  });

  test('a copy on the second page counts', async () => {
    snapshots
      .on(DescribeDBSnapshotsCommand)
      .resolvesOnce({ DBSnapshots: [], Marker: 'next' })
      .resolvesOnce({ DBSnapshots: [copied(made(1))] });
    await expect(observe()).resolves.toMatchObject({ newestCopyAt: DUMPED_AT });
  });

  test('a manifest whose archive has not arrived yet is no copy', async () => {
    vault
      .on(ListObjectsV2Command)
      .resolves({ Contents: [{ Key: MANIFEST_KEY, Size: 1000, LastModified: DUMPED_AT }] });
    await expect(observe()).resolves.toMatchObject({ newestCopyAt: undefined });
  });

  test.each([
    [
      "the vault's objects are under another key",
      () => (objectKey = 'arn:aws:kms:eu-west-1:333333333333:key/other'),
    ],
    ["the vault's objects are under none", () => (objectKey = undefined)],
    [
      'the snapshot is under another key',
      () =>
        snapshots.on(DescribeDBSnapshotsCommand).resolves({
          DBSnapshots: [copied(made(1), { KmsKeyId: 'arn:aws:kms:eu-west-1:333333333333:key/aws' })],
        }),
    ],
    [
      'the snapshot is not encrypted',
      () =>
        snapshots
          .on(DescribeDBSnapshotsCommand)
          .resolves({ DBSnapshots: [copied(made(1), { Encrypted: false })] }),
    ],
    [
      'the vault encrypts with no key of ours',
      () =>
        vault.on(GetBucketEncryptionCommand).resolves({
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
        }),
    ],
    [
      "the vault encrypts with AWS's own key",
      () =>
        vault.on(GetBucketEncryptionCommand).resolves({
          ServerSideEncryptionConfiguration: {
            Rules: [
              {
                ApplyServerSideEncryptionByDefault: {
                  SSEAlgorithm: 'aws:kms',
                  KMSMasterKeyID: 'arn:aws:kms:eu-west-1:333333333333:alias/aws/s3',
                },
              },
            ],
          },
        }),
    ],
  ])('it is not encrypted as it must be when %s', async (_what, change) => {
    change();
    await expect(observe()).resolves.toMatchObject({ encrypted: false });
  });

  test('it is not locked without a lock, or with one that keeps nothing by itself', async () => {
    vault
      .on(GetObjectLockConfigurationCommand)
      .rejectsOnce(refusal('ObjectLockConfigurationNotFoundError', 404))
      .resolvesOnce({ ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } });
    await expect(observe()).resolves.toMatchObject({ locked: false });
    await expect(observe({ lockRequired: false })).resolves.toMatchObject({
      locked: false,
      lockRequired: false,
    });
  });
});
