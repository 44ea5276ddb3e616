import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  RDSClient,
  type DBInstance,
} from '@aws-sdk/client-rds';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { findBackup, listBackups, type ListBackupsOptions } from '../../../core/backup/catalogue';
import { ownerTags } from '../../../core/backup/snapshot/ownership';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { BUCKET, s3At } from './dump-support';
import { ARCHIVE, putDump } from './vault-support';
import { makeInstance } from './emulated-resources';

const REGION = 'eu-west-1';

/**
 * In an emulated AWS. moto gives every instance the same DbiResourceId, so the unit tests tell apart those of one name.
 */
describe('every way back in one list', () => {
  let supervisor: Supervisor;
  let emulator: Emulator;
  let s3: S3Client;
  let shop: DBInstance;

  beforeAll(async () => {
    supervisor = Supervisor.start();
    emulator = await startEmulator(supervisor, REGION);
    s3 = s3At(emulator.aws.endpoint);
    await s3.send(
      new CreateBucketCommand({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    const { rds } = emulator.clients;
    await createInstance('blog');
    await snapshot('of-a-deleted-one', 'blog');
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'blog', SkipFinalSnapshot: true }));
    shop = await createInstance('shop');
    await snapshot('by-hand', 'shop');
    await snapshot('ours', 'shop', shop);
    for (const id of ['20261102T020000Z', '20261103T020000Z']) {
      await putDump({ s3, bucket: BUCKET, id, dbiResourceId: shop.DbiResourceId! });
    }
  }, 300_000);

  afterAll(async () => {
    s3.destroy();
    destroyClients(emulator.clients);
    await supervisor.stop();
  });

  async function createInstance(name: string): Promise<DBInstance> {
    return await makeInstance(emulator.clients.rds, name);
  }

  /** With our tags for an instance, or as a person makes it. */
  async function snapshot(id: string, instance: string, ours?: DBInstance): Promise<void> {
    const owner = { environment: 'test', instanceResourceId: ours?.DbiResourceId ?? '' };
    await emulator.clients.rds.send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: instance,
        DBSnapshotIdentifier: id,
        ...(ours && { Tags: ownerTags(owner, new Date('2026-11-02T02:00:00Z')) }),
      }),
    );
  }

  const list = (more: Partial<ListBackupsOptions> = {}) =>
    listBackups({ s3, bucket: BUCKET, rds: emulator.clients.rds, ...more });

  test.each(['listed', 'checked'] as const)('dumps and snapshots stand side by side, %s', async (depth) => {
    const { backups, rejected, unreadable } = await list({ depth });
    expect({ rejected, unreadable }).toEqual({ rejected: [], unreadable: [] });
    const byHand = backups.filter(({ kind }) => kind === 'dump' || kind === 'manual-snapshot');
    expect(byHand.map(({ id }) => id).sort()).toEqual([
      '20261102T020000Z',
      '20261103T020000Z',
      'by-hand',
      'of-a-deleted-one',
      'ours',
    ]);
    const times = backups.map(({ createdAt }) => createdAt!.getTime());
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(findBackup({ backups, rejected, unreadable }, '20261103')).toMatchObject({
      kind: 'dump',
      sizeBytes: ARCHIVE.length,
      checked: depth === 'checked',
      ...(depth === 'checked' && { dbiResourceId: shop.DbiResourceId }),
    });
  });

  test('only what carries our tags for its instance is managed', async () => {
    const { backups } = await list({ dbiResourceId: shop.DbiResourceId });
    const managed = backups.filter((backup) => backup.kind === 'manual-snapshot' && backup.managed);
    expect(managed).toMatchObject([
      { id: 'ours', dbiResourceId: shop.DbiResourceId, instanceIdentifier: 'shop', status: 'finished' },
    ]);
  });

  test('a deleted instance is asked for by its name at the time', async () => {
    const { backups } = await list({ instanceIdentifier: 'blog' });
    const ofInstances = backups.filter(({ kind }) => kind === 'manual-snapshot');
    expect(ofInstances.map(({ id }) => id)).toEqual(['of-a-deleted-one']);
  });

  test('an instance that nobody has ever had leaves only the dumps', async () => {
    const { backups, unreadable } = await list({ dbiResourceId: 'db-NOBODY' });
    expect(backups.map(({ kind }) => kind)).toEqual(['dump', 'dump']);
    expect(unreadable).toEqual([]);
  });

  test('when RDS does not answer, the dumps are there', async () => {
    const rds = new RDSClient({
      region: REGION,
      endpoint: 'http://localhost:1',
      credentials: emulator.aws.credentials,
      maxAttempts: 1,
    });
    const { backups, unreadable } = await list({ rds });
    expect(backups.map(({ kind }) => kind)).toEqual(['dump', 'dump']);
    expect(unreadable.map(({ source }) => source)).toEqual(['snapshots', 'point-in-time']);
  });

  test('when the bucket is not there, the snapshots are', async () => {
    const { backups, unreadable } = await list({ bucket: 'no-such-vault' });
    expect(backups.map(({ id }) => id)).toEqual(expect.arrayContaining(['by-hand', 'ours']));
    expect(unreadable).toMatchObject([
      { source: 'dumps', reason: expect.stringMatching(/NoSuchBucket.*; check the bucket's name/) as string },
    ]);
  });
});
