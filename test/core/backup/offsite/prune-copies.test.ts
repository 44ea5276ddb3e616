import { copied, made, rdsFault, TwoRegions } from './two-regions';

let regions: TwoRegions;

beforeEach(() => {
  regions = new TwoRegions();
});

describe('pruning the copies', () => {
  test('goes by when the data was captured, not by when it was copied', async () => {
    regions.fillWithCopies();
    const { pruned, pruneFailures } = await regions.run();
    // 1 to 26 days are young, 31 is what the window began with, and the rest is older.
    expect(pruned).toEqual([56, 51, 46, 41, 36].map((days) => `prod-db-${days}-days-ago-copy`));
    expect(pruneFailures).toEqual([]);
  });

  test.each([
    ['an hour fast', 1, [40, 30.1]],
    ['an hour slow', -1, [40]],
  ])(
    'with a clock that is %s it is at most an hour off, and never at the newest',
    async (_what, hours, gone) => {
      const edge = [1, 2, 3, 29, 30.02, 30.1, 40].map((days) => made(days));
      regions.source.snapshots = edge;
      regions.target.snapshots = edge.map((source) => copied(source));
      await regions.clock.sleep(hours * 3_600_000);
      const { pruned } = await regions.run();
      expect(pruned).toEqual(gone.map((days) => `prod-db-${days}-days-ago-copy`));
    },
  );

  test('with a clock that is an hour slow it still copies what was made just now', async () => {
    regions.source.snapshots = [made(0)];
    await regions.clock.sleep(-3_600_000);
    await expect(regions.run()).resolves.toMatchObject({ started: ['prod-db-0-days-ago-copy'] });
  });

  test('of an instance that is gone the last copies stay, however old', async () => {
    const sources = [100, 200, 300, 400, 500].map((days) => made(days));
    regions.source.instances = [];
    regions.target.snapshots = sources.map((source) => copied(source));
    const { pruned } = await regions.run();
    expect(pruned).toEqual(['prod-db-500-days-ago-copy', 'prod-db-400-days-ago-copy']);
    expect(regions.target.identifiers).toHaveLength(3);
  });

  test('one stays even with a configuration that keeps none', async () => {
    regions.target.snapshots = [copied(made(100))];
    await expect(regions.run({ retentionDays: 0, keepNewest: 0 })).resolves.toMatchObject({ pruned: [] });
  });

  test('a copy that is not complete counts for nothing and is not pruned', async () => {
    const old = [100, 200, 300].map((days) => copied(made(days)));
    regions.target.snapshots = [
      copied(made(1), { Status: 'creating' }),
      copied(made(400), { Status: 'creating' }),
      ...old,
    ];
    await expect(regions.run()).resolves.toMatchObject({ pruned: [] });
  });

  test.each<[string, Parameters<typeof copied>[1]]>([
    ["a person's", { TagList: [] }],
    ['one of unknown age', { OriginalSnapshotCreateTime: undefined }],
    ['one that is not said to be a copy', { TagList: made(400).TagList }],
    ['one that another account shares', { SnapshotType: 'shared' }],
  ])('%s is never touched', async (_what, overrides) => {
    regions.fillWithCopies();
    regions.target.snapshots.push(copied(made(400), overrides));
    const { pruned } = await regions.run();
    expect(pruned).not.toContain('prod-db-400-days-ago-copy');
    expect(pruned).toHaveLength(5);
  });

  test('what cannot be deleted is reported, and fails nothing', async () => {
    regions.fillWithCopies();
    regions.target.deleteErrors.set('prod-db-56-days-ago-copy', rdsFault('AccessDenied'));
    regions.target.deleteErrors.set('prod-db-51-days-ago-copy', rdsFault('DBSnapshotNotFound'));
    await expect(regions.run()).resolves.toMatchObject({
      pruned: [46, 41, 36].map((days) => `prod-db-${days}-days-ago-copy`),
      pruneFailures: [{ identifier: 'prod-db-56-days-ago-copy', code: 'AccessDenied' }],
    });
  });

  test('it stops before the time is up, and says what it left', async () => {
    regions.fillWithCopies();
    const { pruned, pruneFailures } = await regions.run(undefined, 0.1);
    expect(pruned).toEqual([]);
    expect(pruneFailures.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'DeadlineReached'));
  });
});
