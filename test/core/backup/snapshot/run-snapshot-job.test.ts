import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { DOCUMENTED_STATES, verdictOn } from '../../../../core/backup/snapshot/instance-state';
import { runSnapshotJob } from '../../../../core/backup/snapshot/run-snapshot-job';
import { MANAGED_BY, SNAPSHOT_TAG } from '../../../../core/backup/snapshot/tags';
import { FakeRds, ownSnapshot, rdsFault, REQUEST, RESOURCE_ID, SNAPSHOT_ID, START } from './fake-rds';

describe('the snapshot job', () => {
  let rds: FakeRds;

  beforeEach(() => {
    rds = new FakeRds();
  });

  const run = (minutes?: number) => runSnapshotJob(rds.session(minutes), REQUEST);
  const minutesPassed = () => (rds.clock.now().getTime() - START.getTime()) / 60_000;

  describe('when there is no instance to take it of', () => {
    test('a deleted instance is an error, and none of its snapshots is pruned', async () => {
      rds.instance = undefined;
      rds.snapshots = [40, 50, 60, 70, 80].map((days) => ownSnapshot(days));
      await expect(run()).rejects.toMatchObject({ code: 'InstanceNotFoundError', retryable: false });
      expect(rds.deleted).toEqual([]);
    });

    test('an instance deleted between our look and our call is the same', async () => {
      rds.createErrors.push(rdsFault('DBInstanceNotFoundFault'));
      await expect(run()).rejects.toMatchObject({ code: 'InstanceNotFoundError' });
      expect(rds.deleted).toEqual([]);
    });

    test('another instance that took over the name is refused, and nothing is taken or pruned', async () => {
      rds.instance = { DbiResourceId: 'db-RESTOREDONE' };
      rds.snapshots = [40, 50, 60, 70, 80].map((days) => ownSnapshot(days));
      await expect(run()).rejects.toMatchObject({
        code: 'InstanceMismatchError',
        message: expect.stringMatching(/db-RESTOREDONE.*db-ABCDEFGHIJKL/) as string,
      });
      expect(rds.created).toEqual([]);
      expect(rds.deleted).toEqual([]);
    });
  });

  describe('in every documented state of the instance', () => {
    const inState = (verdict: string) => DOCUMENTED_STATES.filter((state) => verdictOn(state) === verdict);

    test.each(inState('stop'))('%s stops at once and tells the operator', async (state) => {
      rds.instanceStates = [state];
      await expect(run()).rejects.toMatchObject({
        code: 'InstanceUnavailableError',
        retryable: false,
        message: expect.stringContaining(state) as string,
      });
      expect(minutesPassed()).toBe(0);
      expect(rds.created).toEqual([]);
    });

    test.each(inState('wait'))('%s is waited for', async (state) => {
      rds.instanceStates = [state, state, state, 'available'];
      await expect(run()).resolves.toMatchObject({ created: true, status: 'available' });
      expect(minutesPassed()).toBeGreaterThan(0);
    });

    test.each([...inState('wait'), 'a-state-of-next-year'])(
      '%s that lasts is handed back, to be retried, before Lambda kills us',
      async (state) => {
        rds.instanceStates = [state];
        await expect(run(15)).rejects.toMatchObject({
          code: 'InstanceBusyError',
          retryable: true,
          message: expect.stringContaining(state) as string,
        });
        expect(minutesPassed()).toBeGreaterThan(13);
        expect(minutesPassed()).toBeLessThan(15);
        expect(rds.created).toEqual([]);
      },
    );

    test.each(inState('take'))('%s is taken now', async (state) => {
      rds.instanceStates = [state];
      await expect(run()).resolves.toMatchObject({ created: true });
      expect(minutesPassed()).toBe(0);
    });
  });

  describe('when RDS refuses', () => {
    test.each(['InvalidDBInstanceState', 'InvalidDBInstanceStateFault'])(
      '%s: the instance became busy under our hands, so we wait again',
      async (name) => {
        rds.createErrors.push(rdsFault(name), rdsFault(name));
        await expect(run()).resolves.toMatchObject({ created: true });
        expect(rds.created).toHaveLength(3);
      },
    );

    test('InvalidDBInstanceState for ever is handed back', async () => {
      rds.createErrors.push(...Array.from({ length: 100 }, () => rdsFault('InvalidDBInstanceState')));
      await expect(run()).rejects.toMatchObject({ code: 'InstanceBusyError' });
    });

    test.each(['SnapshotQuotaExceeded', 'SnapshotQuotaExceededFault'])(
      '%s: what has expired makes room, once',
      async (name) => {
        rds.snapshots = [1, 2, 3, 40, 50].map((days) => ownSnapshot(days));
        rds.createErrors.push(rdsFault(name));
        await expect(run()).resolves.toMatchObject({
          created: true,
          pruned: ['prod-db-50-days-ago', 'prod-db-40-days-ago'],
        });
      },
    );

    test('a quota that stays exceeded after pruning is an error that says what to do', async () => {
      rds.snapshots = [1, 2, 3, 40, 50].map((days) => ownSnapshot(days));
      rds.createErrors.push(rdsFault('SnapshotQuotaExceeded'), rdsFault('SnapshotQuotaExceeded'));
      await expect(run()).rejects.toMatchObject({
        code: 'SnapshotQuotaError',
        message: expect.stringContaining('Service Quotas') as string,
      });
      expect(rds.created).toHaveLength(2);
    });

    test('an exceeded quota deletes nothing that the rules keep', async () => {
      rds.snapshots = [1, 2, 3].map((days) => ownSnapshot(days));
      rds.createErrors.push(rdsFault('SnapshotQuotaExceeded'));
      await expect(run()).rejects.toMatchObject({ code: 'SnapshotQuotaError' });
      expect(rds.deleted).toEqual([]);
      expect(rds.created).toHaveLength(1);
    });

    test.each(['KMSKeyNotAccessibleFault', 'KMSKeyNotAccessible', 'KMSInvalidStateException'])(
      '%s: the key is named as the reason',
      async (name) => {
        rds.createErrors.push(rdsFault(name));
        await expect(run()).rejects.toMatchObject({ code: 'SnapshotKeyError' });
      },
    );

    test('what nobody foresaw passes through unchanged', async () => {
      rds.createErrors.push(rdsFault('AccessDenied'));
      await expect(run()).rejects.toThrow('AccessDenied: as RDS says');
    });

    test.each(['Throttling', 'ThrottlingException', 'RequestLimitExceeded'])(
      '%s is waited out, ever longer',
      async (name) => {
        rds.createErrors.push(...Array.from({ length: 5 }, () => rdsFault(name)));
        await expect(run()).resolves.toMatchObject({ created: true });
        expect(minutesPassed() * 60).toBe(1 + 2 + 4 + 8 + 10);
      },
    );

    test('throttling without end is handed back, to be retried', async () => {
      rds.mock.on(DescribeDBInstancesCommand).rejects(rdsFault('Throttling'));
      await expect(run()).rejects.toMatchObject({ code: 'RdsThrottledError', retryable: true });
    });

    test('throttling near the end of time is handed back at once', async () => {
      rds.mock.on(DescribeDBInstancesCommand).rejects(rdsFault('Throttling'));
      await expect(run(0.25)).rejects.toMatchObject({ code: 'RdsThrottledError' });
      expect(minutesPassed()).toBe(0);
    });
  });

  describe('when the snapshot is there already', () => {
    test('a redelivered event adopts it without waiting for the instance it keeps busy', async () => {
      rds.snapshots = [ownSnapshot(0, { DBSnapshotIdentifier: SNAPSHOT_ID })];
      rds.instanceStates = ['backing-up'];
      await expect(run()).resolves.toMatchObject({ snapshotIdentifier: SNAPSHOT_ID, created: false });
      expect(rds.created).toEqual([]);
    });

    test('two invocations at once make one snapshot, and both succeed', async () => {
      const reports = await Promise.all([run(), run()]);
      expect(reports.map(({ snapshotIdentifier }) => snapshotIdentifier)).toEqual([SNAPSHOT_ID, SNAPSHOT_ID]);
      expect(reports.filter(({ created }) => created)).toHaveLength(1);
      expect(rds.snapshots).toHaveLength(1);
    });

    test.each(['DBSnapshotAlreadyExists', 'DBSnapshotAlreadyExistsFault'])(
      '%s after a lost answer adopts what that call made',
      async (name) => {
        rds.createErrors.push(rdsFault(name));
        rds.mock
          .on(DescribeDBSnapshotsCommand, { DBSnapshotIdentifier: SNAPSHOT_ID })
          .rejectsOnce(rdsFault('DBSnapshotNotFoundFault'))
          .resolves({ DBSnapshots: [ownSnapshot(0, { DBSnapshotIdentifier: SNAPSHOT_ID })] });
        await expect(run()).resolves.toMatchObject({ created: false, status: 'available' });
      },
    );

    test.each([
      ['without tags', { TagList: [] }],
      ['of another environment', { TagList: [{ Key: SNAPSHOT_TAG.environment, Value: 'staging' }] }],
      ['of an instance that had the name before', { DbiResourceId: 'db-OLDONE' }],
    ])("somebody else's, %s, is refused and left alone", async (_what, overrides) => {
      rds.snapshots = [ownSnapshot(0, { DBSnapshotIdentifier: SNAPSHOT_ID, ...overrides })];
      await expect(run()).rejects.toMatchObject({ code: 'SnapshotConflictError' });
      expect(rds.deleted).toEqual([]);
    });
  });

  describe('following the snapshot', () => {
    test.each(['failed', 'deleting'])(
      'one that ends as %s is an error, and nothing is pruned',
      async (status) => {
        rds.snapshots = [1, 2, 3, 40].map((days) => ownSnapshot(days));
        rds.newSnapshotStates = ['creating', status];
        await expect(run()).rejects.toMatchObject({ code: 'SnapshotFailedError' });
        expect(rds.deleted).toEqual([]);
      },
    );

    test('one that disappears is an error', async () => {
      rds.newSnapshotStates = ['creating'];
      rds.clock.onSleep = () => (rds.snapshots = []);
      await expect(run()).rejects.toMatchObject({ code: 'SnapshotFailedError' });
    });

    test('one that RDS shows a moment late is not taken for gone', async () => {
      rds.mock
        .on(DescribeDBSnapshotsCommand, { DBSnapshotIdentifier: SNAPSHOT_ID })
        .rejectsOnce(rdsFault('DBSnapshotNotFound'))
        .rejectsOnce(rdsFault('DBSnapshotNotFound'))
        .resolves({ DBSnapshots: [ownSnapshot(0, { DBSnapshotIdentifier: SNAPSHOT_ID })] });
      await expect(run()).resolves.toMatchObject({ created: true, status: 'available' });
    });

    test('one that is not done in time is reported as creating, never as available', async () => {
      rds.newSnapshotStates = ['creating'];
      const report = await run(15);
      expect(report).toMatchObject({ created: true, status: 'creating' });
      expect(report).not.toHaveProperty('durationSeconds');
      expect(minutesPassed()).toBeLessThan(14.1);
    });

    test('pruning goes on while a long one is still creating', async () => {
      rds.snapshots = [1, 2, 3, 40].map((days) => ownSnapshot(days));
      rds.newSnapshotStates = ['creating'];
      await expect(run()).resolves.toMatchObject({ pruned: ['prod-db-40-days-ago'] });
    });
  });

  test('all well: made with its tags, measured, and reported', async () => {
    rds.newSnapshotStates = ['creating', 'creating', 'available'];
    await expect(run()).resolves.toEqual({
      snapshotIdentifier: SNAPSHOT_ID,
      instanceIdentifier: 'prod-db',
      instanceResourceId: RESOURCE_ID,
      scheduledFor: '2026-05-01T03:00:00.000Z',
      created: true,
      status: 'available',
      percentProgress: 100,
      durationSeconds: 30,
      pruned: [],
      pruneFailures: [],
      quotaUsedPercent: 12,
    });
    expect(rds.created).toEqual([
      {
        DBSnapshotIdentifier: SNAPSHOT_ID,
        DBInstanceIdentifier: 'prod-db',
        Tags: [
          { Key: SNAPSHOT_TAG.managedBy, Value: MANAGED_BY },
          { Key: SNAPSHOT_TAG.environment, Value: 'prod' },
          { Key: SNAPSHOT_TAG.instanceResourceId, Value: RESOURCE_ID },
          { Key: SNAPSHOT_TAG.scheduledFor, Value: '2026-05-01T03:00:00.000Z' },
        ],
      },
    ]);
  });

  test('a quota that cannot be read is said, and fails nothing', async () => {
    rds.quota = rdsFault('InternalFailure');
    const report = await run();
    expect(report.quotaUnknownBecause).toContain('InternalFailure');
    expect(report).not.toHaveProperty('quotaUsedPercent');
  });

  test('prune failures are reported, and fail nothing', async () => {
    rds.snapshots = [1, 2, 3, 40, 50, 60].map((days) => ownSnapshot(days));
    rds.deleteErrors.set('prod-db-50-days-ago', rdsFault('InvalidDBSnapshotState'));
    await expect(run()).resolves.toMatchObject({
      pruned: ['prod-db-60-days-ago', 'prod-db-40-days-ago'],
      pruneFailures: [{ identifier: 'prod-db-50-days-ago', code: 'InvalidDBSnapshotState' }],
    });
  });
});
