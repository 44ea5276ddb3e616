import { DumpRetentionEnvironment } from '../../../lambdas/recovery/dump-retention/env';
import { pruneReplica, type PruneReplicaReport } from '../../../core/backup/offsite/prune-replica';
import { ReplicaPruneIncompleteError } from '../../../core/backup/offsite/errors';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

// What it does is tested against an emulated S3 in test/integration/backup/offsite.test.ts.
jest.mock('../../../core/backup/offsite/prune-replica');

const EVENT = scheduledEvent('2026-05-01T06:00:00Z');
const PRUNED: PruneReplicaReport = { dumps: 9, kept: 7, pruned: ['shop/a'], protected: ['shop/b'] };

describe("the replica's retention", () => {
  const { printed, metrics } = watchHandler('recovery-dump-retention', {
    REPLICA_BUCKET: 'replica',
    RETENTION_POLICY: '{"keepDays":30,"keepWeekly":12,"keepNewestVerified":7}',
    FRESH_WITHIN_HOURS: '50',
  });

  const invoke = async () => {
    const { handler } = await import('../../../lambdas/recovery/dump-retention/handler');
    return handler(EVENT, lambdaContext());
  };

  test('what is left of what was to go fails the invocation', async () => {
    jest.mocked(pruneReplica).mockRejectedValue(new ReplicaPruneIncompleteError('S3 refuses'));
    await expect(invoke()).rejects.toMatchObject({ code: 'ReplicaPruneIncompleteError' });
    expect(metrics()).toMatchObject({ FunctionFailures: 1 });
  });

  test('holding back is warned of and measured, and no failure', async () => {
    const heldBack = 'the newest dump, shop/x, is 99 hours old and may be 50';
    jest.mocked(pruneReplica).mockResolvedValue({ dumps: 9, kept: 9, pruned: [], protected: [], heldBack });
    await expect(invoke()).resolves.toMatchObject({ heldBack });
    expect(metrics()).toMatchObject({ ReplicaRetentionHeldBack: 1, ReplicaDumps: 9, ReplicaDumpsPruned: 0 });
    expect(printed()).toContain('what lies here may be all that there will be');
    expect(printed()).toContain('backup.prune succeeded: dumps in');
  });

  test('all well: the policy is what the environment says', async () => {
    jest.mocked(pruneReplica).mockResolvedValue(PRUNED);
    await expect(invoke()).resolves.toEqual(PRUNED);
    expect(jest.mocked(pruneReplica).mock.lastCall?.[0]).toMatchObject({
      bucket: 'replica',
      policy: { keepDays: 30, keepDaily: 0, keepWeekly: 12, keepNewestVerified: 7 },
      freshWithinHours: 50,
      holder: expect.stringContaining('recovery/dump-retention') as string,
    });
    expect(metrics()).toMatchObject({
      ReplicaDumps: 8,
      ReplicaDumpsPruned: 1,
      ReplicaDumpsProtected: 1,
      ReplicaRetentionHeldBack: 0,
      FunctionFailures: 0,
    });
  });

  test.each([
    ['no JSON', 'keep all'],
    ['a word that no policy has', '{"keepHourly":3}'],
    ['a floor of none', '{"keepNewestVerified":0}'],
  ])('a policy that is %s is refused', (_what, RETENTION_POLICY) => {
    const environment = { REPLICA_BUCKET: 'replica', FRESH_WITHIN_HOURS: '50', RETENTION_POLICY };
    expect(DumpRetentionEnvironment.safeParse(environment).error?.issues[0]?.path).toContain(
      'RETENTION_POLICY',
    );
  });
});
