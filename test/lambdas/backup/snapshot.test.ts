import { DeleteDBSnapshotCommand } from '@aws-sdk/client-rds';
import { FakeRds, ownSnapshot, rdsFault, RESOURCE_ID } from '../../core/backup/snapshot/fake-rds';
import { lambdaContext } from '../shared/lambda-context';

const EVENT = {
  id: 'e1',
  time: '2026-05-01T03:00:00Z',
  source: 'aws.events',
  'detail-type': 'Scheduled Event',
  resources: [],
};

describe('the snapshot function', () => {
  const before = { ...process.env };
  let rds: FakeRds;
  let printed: string[];

  beforeEach(() => {
    process.env = {
      ...before,
      AWS_REGION: 'eu-west-1',
      GOLIVE_ENVIRONMENT: 'prod',
      POWERTOOLS_SERVICE_NAME: 'backup-snapshot',
      POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
      POWERTOOLS_LOG_LEVEL: 'INFO',
      // Lets the Powertools write to the console that we watch, metrics included.
      POWERTOOLS_DEV: 'true',
      POWERTOOLS_METRICS_DISABLED: 'false',
      DATABASE_INSTANCE_IDENTIFIER: 'prod-db',
      DATABASE_RESOURCE_ID: RESOURCE_ID,
      SNAPSHOT_RETENTION_DAYS: '30',
      SNAPSHOT_KEEP_NEWEST: '3',
    };
    rds = new FakeRds();
    printed = [];
    for (const level of ['info', 'warn', 'error', 'log'] as const) {
      jest
        .spyOn(console, level)
        .mockImplementation((...line: unknown[]) => void printed.push(line.join(' ')));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    process.env = before;
  });

  /** As a cold start does it: the handler is loaded after the environment is there. */
  const invoke = async (event: unknown = EVENT) => {
    const { handler } = await import('../../../lambdas/backup/snapshot/handler');
    return handler(event, lambdaContext());
  };
  const metrics = () =>
    Object.assign(
      {},
      ...printed.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => '_aws' in line),
    ) as Record<string, unknown>;

  test('a failure fails the invocation and counts neither as taken nor as completed', async () => {
    rds.instanceStates = ['storage-full'];
    await expect(invoke()).rejects.toMatchObject({ code: 'InstanceUnavailableError' });
    expect(metrics()).toMatchObject({ FunctionFailures: 1, code: 'InstanceUnavailableError' });
    expect(metrics()).not.toHaveProperty('SnapshotTaken');
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
    expect(printed.join('\n')).toContain('AccessDenied');
    expect(printed.join('\n')).toContain('quota could not be read');
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
  });
});
