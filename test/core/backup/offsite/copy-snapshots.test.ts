import type { SnapshotCopyError } from '../../../../core/backup/offsite';
import { copied, DAY_MS, KEY, made, RESOURCE_ID, rdsFault, START, TwoRegions } from './two-regions';

const TOO_MANY_COPIES = Object.assign(
  new Error('Cannot copy more than 5 snapshots across regions: SnapshotQuotaExceededFault'),
  { name: 'SnapshotQuotaExceeded' },
);
const TOO_MANY_SNAPSHOTS = Object.assign(new Error('Cannot create more than 100 manual snapshots'), {
  name: 'SnapshotQuotaExceededFault',
});

let regions: TwoRegions;

beforeEach(() => {
  regions = new TwoRegions();
});

async function failureOf(run: Promise<unknown>): Promise<SnapshotCopyError> {
  return run.then(
    () => {
      throw new Error('the run went well');
    },
    (error: SnapshotCopyError) => error,
  );
}

describe('copying what failed to be copied', () => {
  test('a snapshot that went away since we looked is passed over, and the others are copied', async () => {
    regions.source.snapshots = [made(1), made(2)];
    regions.copyErrors.push(rdsFault('DBSnapshotNotFound'));
    await expect(regions.run()).resolves.toMatchObject({
      passedOver: ['prod-db-1-days-ago'],
      started: ['prod-db-2-days-ago-copy'],
    });
  });

  test.each(['InvalidDBSnapshotState', 'InvalidDBSnapshotStateFault'])(
    '%s: a snapshot that is busy is passed over until the next run',
    async (name) => {
      regions.source.snapshots = [made(1)];
      regions.copyErrors.push(rdsFault(name));
      await expect(regions.run()).resolves.toMatchObject({ passedOver: ['prod-db-1-days-ago'], started: [] });
      await expect(regions.run()).resolves.toMatchObject({ started: ['prod-db-1-days-ago-copy'] });
    },
  );

  test("a stranger's snapshot of the copy's name is left alone, and the others are copied", async () => {
    regions.source.snapshots = [made(1), made(2)];
    regions.target.snapshots = [
      { DBSnapshotIdentifier: 'prod-db-1-days-ago-copy', SnapshotType: 'manual', Status: 'available' },
    ];
    const error = await failureOf(regions.run());
    expect(error).toMatchObject({
      code: 'SnapshotCopyError',
      failures: [{ identifier: 'prod-db-1-days-ago', code: 'SnapshotConflictError' }],
    });
    expect(error.message).toContain('was left alone');
    expect(regions.target.identifiers).toEqual(['prod-db-1-days-ago-copy', 'prod-db-2-days-ago-copy']);
    expect(regions.target.deleted).toEqual([]);
  });

  test('a copy of an earlier instance of the same name does not pass for the copy', async () => {
    const earlier = made(1, { DbiResourceId: 'db-EARLIER' });
    const TagList = made(1).TagList?.map((tag) =>
      tag.Value === RESOURCE_ID ? { ...tag, Value: 'db-EARLIER' } : tag,
    );
    regions.source.snapshots = [made(1)];
    regions.target.snapshots = [copied({ ...earlier, TagList })];
    const error = await failureOf(regions.run());
    expect(error.failures).toMatchObject([{ code: 'SnapshotConflictError' }]);
  });

  test.each(['KMSKeyNotAccessibleFault', 'KMSKeyNotAccessible'])(
    '%s stops the run, for no other would fare better',
    async (name) => {
      regions.source.snapshots = [made(1), made(2)];
      regions.copyErrors.push(rdsFault(name));
      const error = await failureOf(regions.run());
      expect(error.failures).toMatchObject([{ code: 'SnapshotKeyError' }]);
      expect(error.message).toMatch(/KMS key can't be used.*nothing was pruned|nothing was pruned.*KMS key/s);
      expect(error.cause).toMatchObject({ name });
      expect(regions.requested).toHaveLength(1);
    },
  );

  test('a full Region is a failure that says what to do, and frees nothing by itself', async () => {
    regions.fillWithCopies();
    regions.source.snapshots.push(made(0.5));
    regions.copyErrors.push(TOO_MANY_SNAPSHOTS);
    const error = await failureOf(regions.run());
    expect(error.failures).toMatchObject([{ code: 'SnapshotQuotaError' }]);
    expect(error.message).toContain('Service Quotas');
    expect(regions.target.deleted).toEqual([]);
  });

  test('RDS at as many copies as it takes is no failure: the next run goes on', async () => {
    regions.source.snapshots = [made(1), made(2), made(3)];
    regions.copyErrors.push(undefined, TOO_MANY_COPIES);
    await expect(regions.run()).resolves.toMatchObject({
      started: ['prod-db-1-days-ago-copy'],
      waiting: ['prod-db-2-days-ago', 'prod-db-3-days-ago'],
    });
  });

  test('what else RDS says fails the run with its own word', async () => {
    regions.source.snapshots = [made(1)];
    regions.copyErrors.push(rdsFault('AccessDenied'));
    const error = await failureOf(regions.run());
    expect(error.failures).toMatchObject([{ identifier: 'prod-db-1-days-ago', code: 'AccessDenied' }]);
  });

  test('one that cannot be copied does not keep the others from it', async () => {
    regions.source.snapshots = [made(1), made(2), made(3)];
    regions.copyErrors.push(rdsFault('AccessDenied'));
    await failureOf(regions.run());
    expect(regions.target.identifiers).toEqual(['prod-db-2-days-ago-copy', 'prod-db-3-days-ago-copy']);
  });

  test('a backlog of which nothing can be copied is given up after as many tries as there is room', async () => {
    regions.source.snapshots = Array.from({ length: 20 }, (_, index) => made(index));
    regions.copyErrors.push(...Array.from({ length: 20 }, () => rdsFault('AccessDenied')));
    const error = await failureOf(regions.run());
    expect(error.failures).toHaveLength(5);
    expect(regions.requested).toHaveLength(5);
  });

  test('throttling is waited out', async () => {
    regions.source.snapshots = [made(1)];
    regions.copyErrors.push(rdsFault('Throttling'), rdsFault('RequestLimitExceeded'));
    await expect(regions.run()).resolves.toMatchObject({ started: ['prod-db-1-days-ago-copy'] });
  });

  test('throttling without an end is an error to be retried, before the process is killed, and prunes nothing', async () => {
    regions.fillWithCopies();
    regions.source.snapshots.push(made(0.5));
    regions.copyErrors.push(...Array.from({ length: 100 }, () => rdsFault('Throttling')));
    await expect(regions.run()).rejects.toMatchObject({ code: 'RdsThrottledError', retryable: true });
    expect(regions.clock.now().getTime()).toBeLessThan(START.getTime() + 5 * 60_000);
    expect(regions.target.deleted).toEqual([]);
  });

  test('a copy that failed is removed, fails the run, and is made anew by the next one', async () => {
    regions.source.snapshots = [made(1)];
    regions.target.snapshots = [copied(made(1), { Status: 'failed' })];
    const error = await failureOf(regions.run());
    expect(error.failures).toMatchObject([
      { identifier: 'prod-db-1-days-ago-copy', code: 'SnapshotFailedError' },
    ]);
    expect(error.message).toContain('copies it anew');
    await expect(regions.run()).resolves.toMatchObject({ started: ['prod-db-1-days-ago-copy'] });
  });

  test('a copy that failed and cannot be removed says so', async () => {
    regions.source.snapshots = [made(1)];
    regions.target.snapshots = [copied(made(1), { Status: 'failed' })];
    regions.target.deleteErrors.set('prod-db-1-days-ago-copy', rdsFault('InvalidDBSnapshotState'));
    await expect(regions.run()).rejects.toThrow(/could not be removed .*InvalidDBSnapshotState.*by hand/);
  });

  test('a failed snapshot that is no copy of ours is not touched', async () => {
    regions.target.snapshots = [copied(made(1), { Status: 'failed', TagList: [] })];
    await regions.run();
    expect(regions.target.deleted).toEqual([]);
  });

  test.each(['source', 'target'] as const)(
    'a %s Region that cannot be read prunes nothing',
    async (which) => {
      regions.fillWithCopies();
      regions[which].unreadable = rdsFault('InternalFailure');
      await expect(regions.run()).rejects.toMatchObject({ name: 'InternalFailure' });
      expect(regions.target.deleted).toEqual([]);
      expect(regions.requested).toEqual([]);
    },
  );

  test('after a run in which one was not copied, nothing is pruned', async () => {
    regions.fillWithCopies();
    regions.source.snapshots.push(made(0.5), made(0.6));
    regions.copyErrors.push(undefined, rdsFault('InternalFailure'));
    await failureOf(regions.run());
    expect(regions.target.deleted).toEqual([]);
  });
});

describe('copying', () => {
  test('names the copy by its source, encrypts it with the key there, and tags it with all that its source is', async () => {
    const source = made(1);
    source.TagList?.push(
      { Key: 'team', Value: 'shop' },
      { Key: 'aws:cloudformation:stack-name', Value: 'x' },
    );
    regions.source.snapshots = [source];
    await regions.run();
    expect(regions.requests).toEqual([
      {
        SourceDBSnapshotIdentifier: 'arn:aws:rds:eu-central-1:333333333333:snapshot:prod-db-1-days-ago',
        TargetDBSnapshotIdentifier: 'prod-db-1-days-ago-copy',
        KmsKeyId: KEY,
        Tags: [
          { Key: 'golive:managed-by', Value: 'golive-backup' },
          { Key: 'golive:environment', Value: 'prod' },
          { Key: 'golive:instance-resource-id', Value: RESOURCE_ID },
          { Key: 'golive:scheduled-for', Value: '2026-04-30T03:00:05.000Z' },
          { Key: 'golive:copy-of', Value: source.DBSnapshotArn },
          { Key: 'team', Value: 'shop' },
        ],
      },
    ]);
  });

  test('never gives a copy more tags than RDS takes', async () => {
    const source = made(1);
    source.TagList?.push(...Array.from({ length: 46 }, (_, index) => ({ Key: `t${index}`, Value: '' })));
    regions.source.snapshots = [source];
    await regions.run();
    expect(regions.requests[0]?.Tags).toHaveLength(50);
  });

  test('takes the newest first, and only as many as RDS is let be at', async () => {
    regions.source.snapshots = [5, 2, 7, 1, 4, 6, 3].map((days) => made(days));
    await expect(regions.run()).resolves.toMatchObject({
      started: [1, 2, 3, 4, 5].map((days) => `prod-db-${days}-days-ago-copy`),
      waiting: ['prod-db-6-days-ago', 'prod-db-7-days-ago'],
      inFlight: 0,
    });
  });

  test("counts whoever's copies RDS is at", async () => {
    regions.source.snapshots = [made(1), made(2), made(3)];
    regions.target.snapshots = [1, 2, 3, 4].map((index) => ({
      DBSnapshotIdentifier: `somebody-elses-${index}`,
      SnapshotType: 'manual',
      SourceRegion: 'us-east-1',
      Status: 'creating',
    }));
    await expect(regions.run()).resolves.toMatchObject({
      started: ['prod-db-1-days-ago-copy'],
      waiting: ['prod-db-2-days-ago', 'prod-db-3-days-ago'],
      inFlight: 4,
    });
  });

  test('run again it starts nothing twice, and goes on when there is room', async () => {
    regions.source.snapshots = Array.from({ length: 7 }, (_, index) => made(index + 1));
    await regions.run();
    await expect(regions.run()).resolves.toMatchObject({ started: [], inFlight: 5 });
    for (const copy of regions.target.snapshots) copy.Status = 'available';
    await expect(regions.run()).resolves.toMatchObject({
      started: ['prod-db-6-days-ago-copy', 'prod-db-7-days-ago-copy'],
      waiting: [],
    });
  });

  test('two runs at once make each copy once, and both succeed', async () => {
    regions.source.snapshots = [made(1), made(2), made(3)];
    const both = await Promise.all([regions.run(), regions.run()]);
    expect(regions.target.identifiers).toHaveLength(3);
    expect(both.flatMap(({ started }) => started).sort()).toEqual(regions.target.identifiers);
  });

  test('a copy that another run made since we looked is as good as ours', async () => {
    regions.source.snapshots = [made(1)];
    regions.onCopy = () => {
      regions.target.snapshots = [copied(made(1), { Status: 'creating' })];
    };
    await expect(regions.run()).resolves.toMatchObject({ started: [], passedOver: [], waiting: [] });
    expect(regions.requested).toEqual(['prod-db-1-days-ago-copy']);
  });

  test.each<[string, Parameters<typeof made>[1]]>([
    ['is not complete', { Status: 'creating' }],
    ['failed', { Status: 'failed' }],
    ['a person made', { TagList: [] }],
    ['RDS makes every day', { SnapshotType: 'automated' }],
    ['is of another instance than its tags say', { DbiResourceId: 'db-OTHER' }],
  ])('leaves what %s', async (_what, overrides) => {
    regions.source.snapshots = [made(1, overrides)];
    await expect(regions.run()).resolves.toMatchObject({ started: [], waiting: [] });
  });

  test('leaves what another environment of the account made', async () => {
    const TagList = made(1).TagList?.map((tag) =>
      tag.Value === 'prod' ? { ...tag, Value: 'staging' } : tag,
    );
    regions.source.snapshots = [made(1, { TagList })];
    await expect(regions.run()).resolves.toMatchObject({ started: [] });
  });

  test('leaves what was itself copied into the first Region', async () => {
    regions.source.snapshots = [
      copied(made(1), {
        DBSnapshotArn: 'arn:aws:rds:eu-central-1:333333333333:snapshot:x',
        DbiResourceId: RESOURCE_ID,
      }),
    ];
    await expect(regions.run()).resolves.toMatchObject({ started: [] });
  });

  test('does not copy what the same rules would prune on arrival', async () => {
    regions.source.snapshots = [1, 2, 3, 31, 60, 90].map((days) => made(days));
    const { started } = await regions.run();
    expect(started).toEqual([1, 2, 3, 31].map((days) => `prod-db-${days}-days-ago-copy`));
  });

  test('reads every page of both Regions', async () => {
    regions.fillWithCopies();
    regions.source.pageSize = regions.target.pageSize = 2;
    await expect(regions.run()).resolves.toMatchObject({ started: [], waiting: [] });
  });

  test('says when the data of the newest complete copy is from, and how full the Region is', async () => {
    regions.source.snapshots = [made(1), made(2)];
    regions.target.snapshots = [copied(made(1), { Status: 'creating' }), copied(made(2))];
    await expect(regions.run()).resolves.toMatchObject({
      newestCapturedAt: new Date(START.getTime() - 2 * DAY_MS).toISOString(),
      quotaUsedPercent: 12,
    });
  });

  test('leaves to the next run what it has no time for', async () => {
    regions.source.snapshots = [made(1)];
    await expect(regions.run(undefined, 0.1)).resolves.toMatchObject({
      started: [],
      waiting: ['prod-db-1-days-ago'],
    });
  });
});
