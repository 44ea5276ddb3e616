import fc from 'fast-check';
import {
  planRetention,
  type Circumstances,
  type RetentionBackup,
  type RetentionPlan,
} from '../../../../core/backup/retention';
import { daysAgo, NOW } from './backups';

/** Few ids, databases and dates, so that collisions, gaps and ties are common; dates up to a year ahead. */
const anyBackup: fc.Arbitrary<RetentionBackup> = fc
  .record({
    id: fc.nat(40).map(String),
    kind: fc.constantFrom('dump' as const, 'manual-snapshot' as const),
    dbiResourceId: fc.constantFrom('db-A', 'db-B'),
    database: fc.constantFrom('shop', 'blog'),
    createdAt: fc.oneof(
      { weight: 20, arbitrary: fc.double({ min: -1, max: 900, noNaN: true }).map(daysAgo) },
      { weight: 10, arbitrary: fc.nat(60).map(daysAgo) },
      { weight: 3, arbitrary: fc.integer({ min: -366, max: 0 }).map(daysAgo) },
      { weight: 1, arbitrary: fc.constantFrom(new Date(0), new Date('?')) },
    ),
    status: fc.constantFrom(
      'finished' as const,
      'finished' as const,
      'unfinished' as const,
      'failed' as const,
    ),
    verified: fc.boolean(),
    legalHold: fc.nat(9).map((n) => n === 0),
    locked: fc.constantFrom(undefined, undefined, daysAgo(1), daysAgo(-1), NOW),
    managed: fc.nat(5).map((n) => n > 0),
    instanceDeleted: fc.nat(5).map((n) => n === 0),
  })
  .map(({ verified, locked, ...backup }) => ({
    ...backup,
    ...(verified && { verifiedAt: NOW }),
    ...(locked && { lockedUntil: locked }),
  }));

/** Sometimes with repetitions, as from listings that overlap. */
const anyBackups = fc
  .tuple(fc.array(anyBackup, { maxLength: 60, size: 'max' }), fc.boolean())
  .map(([backups, repeat]) => (repeat ? [...backups, ...backups.map((backup) => ({ ...backup }))] : backups));

const smallCount = fc.nat(4);
const anyPolicy = fc.record({
  keepDays: fc.nat(90),
  keepDaily: smallCount,
  keepWeekly: smallCount,
  keepMonthly: smallCount,
  keepYearly: smallCount,
  keepNewestVerified: fc.integer({ min: 1, max: 4 }),
});

const anyOutcome = fc.constantFrom(
  'succeeded' as const,
  'succeeded' as const,
  'failed' as const,
  'unknown' as const,
);
const anyCircumstances: fc.Arbitrary<Circumstances> = fc
  .tuple(anyOutcome, anyOutcome)
  .map(([dump, snapshot]) => ({ now: NOW, lastRuns: { dump, 'manual-snapshot': snapshot } }));

const key = (backup: RetentionBackup): string => JSON.stringify(backup);
const keptIn = (plan: RetentionPlan) => plan.keep.map(({ backup }) => backup);
const prunedIn = (plan: RetentionPlan) => plan.prune.map(({ backup }) => backup);

/** Plain words, written without the planner's own helpers. */
function isGood(backup: RetentionBackup): boolean {
  const age = NOW.getTime() - backup.createdAt.getTime();
  return backup.managed && backup.status === 'finished' && age >= 0 && backup.createdAt.getTime() > 0;
}

function property(
  check: (
    backups: RetentionBackup[],
    policy: Parameters<typeof planRetention>[1],
    circumstances: Circumstances,
  ) => void,
): void {
  fc.assert(fc.property(anyBackups, anyPolicy, anyCircumstances, check), { numRuns: 300 });
}

describe('whatever the backups, the policy and the clock', () => {
  it('keeps or prunes each of them, and none twice', () => {
    property((backups, policy, circumstances) => {
      const plan = planRetention(backups, policy, circumstances);
      const answered = [...keptIn(plan), ...prunedIn(plan)].map(key);
      expect(answered.sort()).toEqual([...new Set(backups.map(key))].sort());
    });
  });

  const betterThan = (pruned: RetentionBackup, plan: RetentionPlan) =>
    keptIn(plan).filter(
      (backup) =>
        isGood(backup) &&
        backup.kind === pruned.kind &&
        backup.dbiResourceId === pruned.dbiResourceId &&
        backup.database === pruned.database &&
        backup.createdAt >= pruned.createdAt,
    );

  it('prunes a backup only when enough newer good ones of its database stay', () => {
    property((backups, policy, circumstances) => {
      const plan = planRetention(backups, policy, circumstances);
      for (const pruned of prunedIn(plan)) {
        expect(betterThan(pruned, plan).length).toBeGreaterThanOrEqual(policy.keepNewestVerified ?? 3);
      }
    });
  });

  it('prunes a verified backup only when enough newer verified ones of its database stay', () => {
    property((backups, policy, circumstances) => {
      const plan = planRetention(backups, policy, circumstances);
      for (const pruned of prunedIn(plan).filter(({ verifiedAt }) => verifiedAt)) {
        const proven = betterThan(pruned, plan).filter(({ verifiedAt }) => verifiedAt);
        expect(proven.length).toBeGreaterThanOrEqual(policy.keepNewestVerified ?? 3);
      }
    });
  });

  it('prunes only what is ours, finished, unlocked, unheld, in the past and out of the window', () => {
    property((backups, policy, circumstances) => {
      for (const backup of prunedIn(planRetention(backups, policy, circumstances))) {
        expect(isGood(backup)).toBe(true);
        expect(backup.legalHold).toBe(false);
        expect((backup.lockedUntil ?? NOW) <= NOW).toBe(true);
        expect(circumstances.lastRuns[backup.kind]).toBe('succeeded');
        expect(backup.createdAt.getTime()).toBeLessThan(daysAgo(policy.keepDays ?? 30).getTime() + 1);
      }
    });
  });

  it('prunes nothing that shares its identity with another one', () => {
    property((backups, policy, circumstances) => {
      for (const pruned of prunedIn(planRetention(backups, policy, circumstances))) {
        const sameIdentity = backups.filter(
          ({ id, kind, database }) =>
            id === pruned.id && kind === pruned.kind && database === pruned.database,
        );
        expect(new Set(sameIdentity.map(key)).size).toBe(1);
      }
    });
  });

  it('prunes nothing more when it plans again after pruning', () => {
    property((backups, policy, circumstances) => {
      const survivors = keptIn(planRetention(backups, policy, circumstances));
      const again = planRetention(survivors, policy, circumstances);
      expect(prunedIn(again)).toEqual([]);
      expect(keptIn(again)).toEqual(survivors);
    });
  });

  it('prunes no more when keep-days grows', () => {
    fc.assert(
      fc.property(
        anyBackups,
        anyPolicy,
        anyCircumstances,
        fc.nat(400),
        (backups, policy, circumstances, more) => {
          const fewer = planRetention(backups, policy, circumstances);
          const longer = planRetention(
            backups,
            { ...policy, keepDays: policy.keepDays + more },
            circumstances,
          );
          const kept = new Set(keptIn(longer).map(key));
          expect(keptIn(fewer).filter((backup) => !kept.has(key(backup)))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not let a future-dated, foreign or unfinished backup push another one out', () => {
    property((backups, policy, circumstances) => {
      const without = planRetention(backups.filter(isGood), policy, circumstances);
      const sameIdentity = new Set(
        backups
          .filter((b) => !isGood(b))
          .map(({ id, kind, database }) => JSON.stringify([id, kind, database])),
      );
      const withAll = new Set(prunedIn(planRetention(backups, policy, circumstances)).map(key));
      // One of the same identity makes both ambiguous: that one is kept, and counts for nothing any more.
      if (
        without.keep.some(({ backup: { id, kind, database } }) =>
          sameIdentity.has(JSON.stringify([id, kind, database])),
        )
      )
        return;
      for (const { backup } of without.keep) expect(withAll.has(key(backup))).toBe(false);
    });
  });

  it('does not depend on the order in which backups are listed', () => {
    property((backups, policy, circumstances) => {
      const plan = planRetention(backups, policy, circumstances);
      expect(planRetention([...backups].reverse(), policy, circumstances)).toEqual(plan);
    });
  });
});
