import type { DBSnapshot, Tag } from '@aws-sdk/client-rds';
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import fc from 'fast-check';
import { ownerTags } from '../../../../core/backup/snapshot/ownership';
import { expiredSnapshots, pruneSnapshots } from '../../../../core/backup/snapshot/prune';
import { MANAGED_BY, SNAPSHOT_TAG } from '../../../../core/backup/snapshot/tags';
import { DAY_MS, FakeRds, OWNER, ownSnapshot, rdsFault, RESOURCE_ID, START } from './fake-rds';

const RULES = { retentionDays: 30, keepNewest: 3 };
const expired = (snapshots: DBSnapshot[], rules = RULES) => expiredSnapshots(snapshots, OWNER, rules, START);

/** Said a second time on purpose: the property must not ask the code under test whose a snapshot is. */
function carriesAllOurTags({ TagList: tags = [] }: DBSnapshot): boolean {
  const value = (key: string) => tags.find((tag) => tag.Key === key)?.Value;
  return (
    value('golive:managed-by') === 'golive-backup' &&
    value('golive:environment') === OWNER.environment &&
    value('golive:instance-resource-id') === RESOURCE_ID &&
    value('golive:scheduled-for') !== undefined
  );
}

describe('which snapshots expire', () => {
  const aged = [1, 2, 3, 31, 40].map((days) => ownSnapshot(days));

  test('those past their age, oldest first', () => {
    expect(expired(aged)).toEqual(['prod-db-40-days-ago', 'prod-db-31-days-ago']);
  });

  test('never the newest ones, however old they are', () => {
    expect(expired([100, 200, 300].map((days) => ownSnapshot(days)))).toEqual([]);
  });

  test('one survives even a configuration that keeps none', () => {
    const rules = { retentionDays: 0, keepNewest: 0 };
    expect(
      expired(
        [1, 2, 3].map((days) => ownSnapshot(days)),
        rules,
      ),
    ).not.toContain('prod-db-1-days-ago');
  });

  test('failed and unfinished ones do not count among the newest', () => {
    const broken = [0.1, 0.2, 0.3].map((days) => ownSnapshot(days, { Status: 'failed' }));
    const creating = ownSnapshot(0, { Status: 'creating' });
    expect(expired([creating, ...broken, ...[100, 200, 300].map((days) => ownSnapshot(days))])).toEqual([]);
  });

  test('a copy is as old as what it copies', () => {
    const copy = ownSnapshot(40, { SnapshotCreateTime: START });
    expect(expired([...[1, 2, 3].map((days) => ownSnapshot(days)), copy])).toEqual(['prod-db-40-days-ago']);
  });

  test('the order is by time, not by name', () => {
    const renamed = [
      ownSnapshot(1, { DBSnapshotIdentifier: 'aaa' }),
      ownSnapshot(90, { DBSnapshotIdentifier: 'zzz' }),
    ];
    expect(expired(renamed, { retentionDays: 30, keepNewest: 1 })).toEqual(['zzz']);
  });

  test.each<[string, Partial<DBSnapshot>]>([
    ['an automated one', { SnapshotType: 'automated', DBSnapshotIdentifier: 'rds:prod-db-2026' }],
    ["a person's, without tags", { TagList: [] }],
    ['one of another instance', { DbiResourceId: 'db-OTHER' }],
    ['one that is being copied or deleted', { Status: 'copying' }],
    ['one of unknown age', { OriginalSnapshotCreateTime: undefined, SnapshotCreateTime: undefined }],
    ['one without a name', { DBSnapshotIdentifier: undefined }],
  ])('%s is never touched', (_what, overrides) => {
    expect(expired([...[1, 2, 3].map((days) => ownSnapshot(days)), ownSnapshot(400, overrides)])).toEqual([]);
  });

  const ourTags = ownerTags(OWNER, START);

  test.each(ourTags.map(({ Key }) => Key))('one without the tag %s is never touched', (key) => {
    const stranger = ownSnapshot(400, { TagList: ourTags.filter((tag) => tag.Key !== key) });
    expect(expired([...[1, 2, 3].map((days) => ownSnapshot(days)), stranger])).toEqual([]);
  });

  test.each([SNAPSHOT_TAG.managedBy, SNAPSHOT_TAG.environment, SNAPSHOT_TAG.instanceResourceId])(
    'one with another value under %s is never touched',
    (key) => {
      const TagList = ourTags.map((tag) => (tag.Key === key ? { ...tag, Value: 'another' } : tag));
      expect(expired([...[1, 2, 3].map((days) => ownSnapshot(days)), ownSnapshot(400, { TagList })])).toEqual(
        [],
      );
    },
  );

  test('whatever the account holds, the newest successful ones survive and nothing foreign goes', () => {
    const tag = (key: string, right: string) =>
      fc
        .option(fc.constantFrom(right, right, right, 'something else'), { nil: undefined })
        .map((value): Tag[] => (value === undefined ? [] : [{ Key: key, Value: value }]));
    const snapshot = fc.record({
      age: fc.double({ min: -1, max: 400, noNaN: true }),
      type: fc.constantFrom('manual', 'manual', 'manual', 'automated', 'awsbackup'),
      status: fc.constantFrom('available', 'available', 'available', 'creating', 'failed', 'deleting'),
      resource: fc.constantFrom(RESOURCE_ID, RESOURCE_ID, RESOURCE_ID, 'db-OTHER'),
      dated: fc.constantFrom(true, true, true, false),
      tags: fc
        .tuple(
          tag(SNAPSHOT_TAG.managedBy, MANAGED_BY),
          tag(SNAPSHOT_TAG.environment, OWNER.environment),
          tag(SNAPSHOT_TAG.instanceResourceId, RESOURCE_ID),
          tag(SNAPSHOT_TAG.scheduledFor, '2026-01-01T00:00:00Z'),
        )
        .map((lists) => lists.flat()),
    });
    const account = fc.array(snapshot, { maxLength: 40 }).map((list) =>
      list.map(({ age, type, status, resource, dated, tags }, index): DBSnapshot => {
        const takenAt = dated ? new Date(START.getTime() - age * DAY_MS) : undefined;
        return {
          DBSnapshotIdentifier: `snapshot-${index}`,
          SnapshotType: type,
          Status: status,
          DbiResourceId: resource,
          OriginalSnapshotCreateTime: takenAt,
          TagList: tags,
        };
      }),
    );
    fc.assert(
      fc.property(account, fc.nat(60), fc.nat(10), (snapshots, retentionDays, keepNewest) => {
        const gone = new Set(expired(snapshots, { retentionDays, keepNewest }));
        const removed = snapshots.filter((one) => gone.has(one.DBSnapshotIdentifier ?? ''));
        const left = snapshots.filter((one) => !gone.has(one.DBSnapshotIdentifier ?? ''));
        const good = (one: DBSnapshot) =>
          carriesAllOurTags(one) &&
          one.SnapshotType === 'manual' &&
          one.DbiResourceId === RESOURCE_ID &&
          one.Status === 'available' &&
          one.OriginalSnapshotCreateTime !== undefined;
        const age = (one: DBSnapshot) => START.getTime() - (one.OriginalSnapshotCreateTime?.getTime() ?? 0);

        expect(removed.every((one) => good(one) && age(one) > retentionDays * DAY_MS)).toBe(true);
        // As many as promised are left, and each of them is at least as young as anything removed.
        const leftGood = left.filter(good).sort((a, b) => age(a) - age(b));
        const promised = Math.min(Math.max(1, keepNewest), snapshots.filter(good).length);
        expect(leftGood.length).toBeGreaterThanOrEqual(promised);
        const oldestPromised = leftGood[promised - 1];
        expect(removed.every((one) => !oldestPromised || age(one) >= age(oldestPromised))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('pruning', () => {
  let rds: FakeRds;

  beforeEach(() => {
    rds = new FakeRds();
    rds.snapshots = Array.from({ length: 60 }, (_, index) => ownSnapshot(index));
  });

  test('every page is looked at', async () => {
    rds.pageSize = 7;
    const report = await pruneSnapshots(rds.session(), OWNER, RULES);
    expect(report.pruned).toHaveLength(29);
    expect(rds.mock.commandCalls(DescribeDBSnapshotsCommand)).toHaveLength(Math.ceil(60 / 7));
  });

  test('a listing that fails half-way removes nothing and is reported', async () => {
    rds.mock
      .on(DescribeDBSnapshotsCommand)
      .resolvesOnce({ DBSnapshots: rds.snapshots.slice(0, 20), Marker: '20' })
      .rejects(rdsFault('InternalFailure'));
    await expect(pruneSnapshots(rds.session(), OWNER, RULES)).resolves.toEqual({
      pruned: [],
      failed: [{ code: 'InternalFailure' }],
    });
    expect(rds.deleted).toEqual([]);
  });

  test.each(['DBSnapshotNotFound', 'DBSnapshotNotFoundFault'])(
    '%s: somebody was faster, which is no failure',
    async (name) => {
      rds.deleteErrors.set('prod-db-50-days-ago', rdsFault(name));
      const report = await pruneSnapshots(rds.session(), OWNER, RULES);
      expect(report.failed).toEqual([]);
      expect(report.pruned).not.toContain('prod-db-50-days-ago');
    },
  );

  test('it stops before the time is up, and says what it left', async () => {
    const session = rds.session(1);
    for (const snapshot of rds.snapshots) {
      rds.deleteErrors.set(snapshot.DBSnapshotIdentifier ?? '', rdsFault('Throttling'));
    }
    const report = await pruneSnapshots(session, OWNER, RULES);
    expect(report.pruned).toEqual([]);
    expect(report.failed).toHaveLength(29);
    expect(rds.clock.now().getTime()).toBeLessThan(session.deadline.getTime());
  });
});
