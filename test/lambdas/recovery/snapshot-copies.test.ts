import {
  CopyDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  type DBSnapshot,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import { copied, KEY, made, RESOURCE_ID, rdsFault } from '../../core/backup/offsite/two-regions';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

const DAY_MS = 86_400_000;
const EVENT = scheduledEvent('2026-05-01T03:30:00Z');

/** The function goes by the real clock. */
const madeBeforeNow = (daysAgo: number) =>
  made(daysAgo, { OriginalSnapshotCreateTime: new Date(Date.now() - daysAgo * DAY_MS) });

describe('the copying function', () => {
  const { printed, metrics } = watchHandler('recovery-snapshot-copies', {
    SOURCE_REGION: 'eu-central-1',
    REPLICA_KEY_ARN: KEY,
    COPY_RETENTION_DAYS: '30',
    COPY_KEEP_NEWEST: '3',
  });
  const rds = mockClient(RDSClient);
  let inRegion: Record<string, DBSnapshot[]>;

  beforeEach(() => {
    inRegion = { 'eu-central-1': [], 'eu-west-1': [] };
    rds.reset();
    rds.on(DescribeDBSnapshotsCommand).callsFake(async (_input, getClient: () => RDSClient) => ({
      DBSnapshots: inRegion[await getClient().config.region()],
    }));
    rds.on(DescribeDBInstancesCommand).resolves({ DBInstances: [{ DbiResourceId: RESOURCE_ID }] });
    rds.on(CopyDBSnapshotCommand).resolves({});
    rds.on(DeleteDBSnapshotCommand).resolves({});
    rds.on(DescribeAccountAttributesCommand).resolves({
      AccountQuotas: [{ AccountQuotaName: 'ManualSnapshots', Used: 12, Max: 100 }],
    });
  });

  /** As a cold start does it: the handler is loaded after the environment is there. */
  const invoke = async (event: unknown = EVENT) => {
    const { handler } = await import('../../../lambdas/recovery/snapshot-copies/handler');
    return handler(event, lambdaContext());
  };

  test('a snapshot that could not be copied fails the invocation, and is counted', async () => {
    inRegion['eu-central-1'] = [madeBeforeNow(1)];
    rds.on(CopyDBSnapshotCommand).rejects(rdsFault('KMSKeyNotAccessibleFault'));
    await expect(invoke()).rejects.toMatchObject({ code: 'SnapshotCopyError' });
    expect(metrics()).toMatchObject({
      FunctionFailures: 1,
      SnapshotCopyFailed: 1,
      code: 'SnapshotCopyError',
    });
    expect(metrics()).not.toHaveProperty('SnapshotCopiesStarted');
    expect(printed()).toContain('backup.create failed: snapshot copies from');
  });

  test('a wrong environment is refused', async () => {
    process.env['COPY_RETENTION_DAYS'] = 'many';
    await expect(
      jest.isolateModulesAsync(async () => {
        await invoke();
      }),
    ).rejects.toMatchObject({ code: 'InvalidEnvironmentError' });
  });

  test('what cannot be pruned is warned of, and fails nothing', async () => {
    inRegion['eu-west-1'] = [1, 2, 3, 4, 100, 200].map((days) => copied(madeBeforeNow(days)));
    rds.on(DeleteDBSnapshotCommand).rejects(rdsFault('AccessDenied'));
    await invoke();
    expect(metrics()).toMatchObject({ SnapshotCopiesPruned: 0, SnapshotCopyPruneFailed: 1 });
    expect(printed()).toContain('expired copies could not be pruned');
  });

  test('with nothing there yet it measures no age', async () => {
    await invoke();
    expect(metrics()).not.toHaveProperty('NewestSnapshotCopyAgeSeconds');
  });

  test('all well: it asks the other Region for what to copy and its own for what is there', async () => {
    inRegion['eu-central-1'] = [madeBeforeNow(1), madeBeforeNow(2)];
    inRegion['eu-west-1'] = [copied(madeBeforeNow(2))];
    await expect(invoke()).resolves.toMatchObject({ started: ['prod-db-1-days-ago-copy'] });
    const [call] = rds.commandCalls(CopyDBSnapshotCommand);
    expect(await (call?.thisValue as RDSClient).config.region()).toBe('eu-west-1');
    expect(metrics()).toMatchObject({
      SnapshotCopyFailed: 0,
      SnapshotCopiesStarted: 1,
      SnapshotCopiesWaiting: 0,
      SnapshotCopiesPruned: 0,
      SnapshotCopyPruneFailed: 0,
      SnapshotQuotaUsedPercent: 12,
      FunctionFailures: 0,
      service: 'recovery-snapshot-copies',
    });
    expect(metrics()['NewestSnapshotCopyAgeSeconds']).toBeCloseTo(2 * 86_400, -2);
  });
});
