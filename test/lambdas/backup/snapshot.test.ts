import { DeleteDBSnapshotCommand } from '@aws-sdk/client-rds';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { FakeRds, ownSnapshot, rdsFault, RESOURCE_ID } from '../../core/backup/snapshot/fake-rds';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

const EVENT = scheduledEvent();

const s3 = mockClient(S3Client);

/** The records that were put into the vault. */
const audited = () =>
  s3
    .commandCalls(PutObjectCommand)
    .map(({ args: [{ input }] }) => JSON.parse(input.Body as string) as object);

describe('the snapshot function', () => {
  const { printed, metrics } = watchHandler('backup-snapshot', {
    DATABASE_INSTANCE_IDENTIFIER: 'prod-db',
    DATABASE_RESOURCE_ID: RESOURCE_ID,
    VAULT_BUCKET: 'vault',
    SNAPSHOT_RETENTION_DAYS: '30',
    SNAPSHOT_KEEP_NEWEST: '3',
  });
  let rds: FakeRds;

  beforeEach(() => {
    rds = new FakeRds();
    s3.reset();
    s3.on(PutObjectCommand).resolves({});
  });

  /** As a cold start does it: the handler is loaded after the environment is there. */
  const invoke = async (event: unknown = EVENT) => {
    const { handler } = await import('../../../lambdas/backup/snapshot/handler');
    return handler(event, lambdaContext());
  };

  test('a failure fails the invocation and counts neither as taken nor as completed', async () => {
    rds.instanceStates = ['storage-full'];
    await expect(invoke()).rejects.toMatchObject({ code: 'InstanceUnavailableError' });
    expect(metrics()).toMatchObject({ FunctionFailures: 1, code: 'InstanceUnavailableError' });
    expect(metrics()).not.toHaveProperty('SnapshotTaken');
    expect(audited()).toMatchObject([
      { action: 'backup.create', outcome: 'failed', error: { code: 'InstanceUnavailableError' } },
    ]);
    expect(metrics()).not.toHaveProperty('SnapshotCompleted');
  });

  test('a wrong environment is refused', async () => {
    process.env['SNAPSHOT_KEEP_NEWEST'] = 'many';
    await expect(
      jest.isolateModulesAsync(async () => {
        await invoke();
      }),
    ).rejects.toMatchObject({ code: 'InvalidEnvironmentError' });
  });

  test('a snapshot still creating when the time is up is taken, not completed', async () => {
    rds.newSnapshotStates = ['creating'];
    await expect(invoke()).resolves.toMatchObject({ status: 'creating' });
    expect(metrics()).toMatchObject({ SnapshotTaken: 1 });
    expect(metrics()).not.toHaveProperty('SnapshotCompleted');
    expect(metrics()).not.toHaveProperty('SnapshotDurationSeconds');
  });

  test('prune failures and an unreadable quota are warned of, and fail nothing', async () => {
    rds.snapshots = [1, 2, 3, 400, 500].map((days) =>
      ownSnapshot(days, { OriginalSnapshotCreateTime: new Date(Date.now() - days * 86_400_000) }),
    );
    rds.mock.on(DeleteDBSnapshotCommand).rejects(rdsFault('AccessDenied'));
    rds.quota = rdsFault('InternalFailure');
    await invoke();
    expect(metrics()).toMatchObject({ SnapshotCompleted: 1, SnapshotsPruned: 0, SnapshotPruneFailed: 2 });
    expect(metrics()).not.toHaveProperty('SnapshotQuotaUsedPercent');
    expect(printed()).toContain('AccessDenied');
    expect(printed()).toContain('quota could not be read');
  });

  test('all well: the report is returned and measured', async () => {
    await expect(invoke()).resolves.toMatchObject({
      snapshotIdentifier: 'prod-db-20260501t030000z',
      created: true,
      status: 'available',
    });
    expect(metrics()).toMatchObject({
      SnapshotTaken: 1,
      SnapshotCompleted: 1,
      SnapshotDurationSeconds: expect.any(Number) as number,
      SnapshotsPruned: 0,
      SnapshotPruneFailed: 0,
      SnapshotQuotaUsedPercent: 12,
      FunctionFailures: 0,
      service: 'backup-snapshot',
    });
    expect(audited()).toMatchObject([
      {
        action: 'backup.create',
        target: 'snapshot of prod-db',
        outcome: 'succeeded',
        environment: 'prod',
        who: { arn: expect.stringContaining(':function:') as string },
        details: { identifier: 'prod-db-20260501t030000z' },
      },
    ]);
  });

  test('a record that cannot be written fails nothing, and is told of', async () => {
    s3.on(PutObjectCommand).rejects(rdsFault('AccessDenied'));
    await expect(invoke()).resolves.toMatchObject({ status: 'available' });
    expect(printed()).toContain('AuditNotRecordedError');
  });
});
