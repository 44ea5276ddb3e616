import { CreateKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateDBSnapshotCommand,
  CopyDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
} from '@aws-sdk/client-rds';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { copyIdentifier, observeOffsite, type Offsite } from '../../../core/backup/offsite';
import { copyTags, sourceOf } from '../../../core/backup/offsite/copy';
import { ownerTags } from '../../../core/backup/snapshot/ownership';
import { manifestKey } from '../../../core/backup/vault-layout';
import { destroyClients, emulatedClients, startEmulator, type AwsClients } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { MANIFEST } from '../../core/backup/verify/fixtures';
import { makeInstance } from './emulated-resources';

/**
 * What S3 and RDS answer, read from their wire. The emulator replicates nothing: what replication would bring is put
 * there by hand.
 */
const REGION = 'eu-west-1';
const ARCHIVE = 'archive';

let supervisor: Supervisor;
let there: AwsClients;
let s3: S3Client;
let keyArn: string;
let vaults = 0;

beforeAll(async () => {
  supervisor = Supervisor.start();
  const emulator = await startEmulator(supervisor, REGION);
  destroyClients(emulator.clients);
  there = emulatedClients(emulator.aws);
  s3 = there.s3;
  keyArn = (await there.kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
});

afterAll(async () => {
  destroyClients(there);
  await supervisor.stop();
});

async function makeReplica(options: { locked: boolean; key?: string }): Promise<Offsite> {
  const bucket = `replica-${++vaults}`;
  await s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: REGION },
      ObjectLockEnabledForBucket: options.locked,
    }),
  );
  if (options.key !== undefined) {
    await s3.send(
      new PutBucketEncryptionCommand({
        Bucket: bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [
            { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: options.key } },
          ],
        },
      }),
    );
  }
  if (options.locked) {
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      }),
    );
  }
  return { region: REGION, s3, rds: there.rds, bucket, lockRequired: true };
}

async function putDump({ bucket }: Offsite): Promise<void> {
  const { ChecksumCRC32: s3ChecksumCrc32 = '' } = await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: MANIFEST.archive.key,
      Body: ARCHIVE,
      ChecksumAlgorithm: 'CRC32',
    }),
  );
  const archive = { ...MANIFEST.archive, bytes: ARCHIVE.length, s3ChecksumCrc32 };
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: manifestKey(MANIFEST.source.database, MANIFEST.backupId),
      Body: JSON.stringify({ ...MANIFEST, archive }),
    }),
  );
}

/** @returns when its data was captured */
async function putSnapshotCopy(environment: string): Promise<Date> {
  const { DbiResourceId } = await makeInstance(there.rds, environment);
  const owner = { environment, instanceResourceId: DbiResourceId ?? '' };
  await there.rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: environment,
      DBSnapshotIdentifier: `${environment}-1`,
      Tags: ownerTags(owner, new Date('2026-05-01T01:30:00Z')),
    }),
  );
  const { DBSnapshots = [] } = await there.rds.send(
    new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: `${environment}-1` }),
  );
  const source = DBSnapshots[0] && sourceOf(DBSnapshots[0], environment);
  if (!source) throw new Error('the emulator gave a snapshot that is none of ours');
  await there.rds.send(
    new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: source.identifier,
      TargetDBSnapshotIdentifier: copyIdentifier(source.identifier),
      KmsKeyId: keyArn,
      Tags: copyTags(source, environment),
    }),
  );
  return source.capturedAt;
}

test('a replica that is not there is an error, and not one without copies', async () => {
  const offsite: Offsite = { region: REGION, s3, rds: there.rds, bucket: 'nowhere', lockRequired: true };
  await expect(observeOffsite('prod', offsite)).rejects.toMatchObject({
    code: 'OffsiteUnreadableError',
    retryable: false,
  });
});

test('an empty replica without lock and key is seen as that', async () => {
  const offsite = await makeReplica({ locked: false });
  await expect(observeOffsite('prod', offsite)).resolves.toEqual({
    region: REGION,
    newestCopyAt: undefined,
    encrypted: false,
    locked: false,
    lockRequired: true,
  });
});

test('a replica with a dump and a snapshot is as new as the older of them, encrypted and locked', async () => {
  const offsite = await makeReplica({ locked: true, key: keyArn });
  const capturedAt = await putSnapshotCopy('shop');
  await putDump(offsite);
  const facts = await observeOffsite('shop', offsite);
  expect(facts).toMatchObject({ encrypted: true, locked: true });
  expect(facts?.newestCopyAt?.getTime()).toBeLessThanOrEqual(capturedAt.getTime());
  expect(Date.now() - (facts?.newestCopyAt?.getTime() ?? 0)).toBeLessThan(60_000);
});
