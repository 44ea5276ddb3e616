import {
  planRetention,
  type RetentionPlan,
  type RetentionPolicyInput,
} from '../../../../core/backup/retention';
import type { RetentionBackup } from '../../../../core/backup/retention';
import { AFTER_SUCCESS, daysAgo, dump, NOW, verified } from './backups';

/** As strict as a policy can be: one verified and one finished backup survive. */
const STRICT: RetentionPolicyInput = { keepDays: 0, keepNewestVerified: 1 };

function plan(backups: RetentionBackup[], policy: RetentionPolicyInput = STRICT): RetentionPlan {
  return planRetention(backups, policy, AFTER_SUCCESS);
}

function kept({ keep }: RetentionPlan): string[] {
  return keep.map(({ backup }) => backup.id);
}

function pruned({ prune }: RetentionPlan): string[] {
  return prune.map(({ backup }) => backup.id);
}

function rulesFor(result: RetentionPlan, id: string): string[] {
  return result.keep
    .filter(({ backup }) => backup.id === id)
    .flatMap(({ reasons }) => reasons.map((r) => r.rule));
}

describe('what is never pruned', () => {
  const old = (facts: Partial<RetentionBackup>) => dump('special', daysAgo(400), facts);
  const newer = [verified('newest', daysAgo(1)), verified('second', daysAgo(2))];

  test.each([
    ['somebody else made it', { managed: false }, 'not-ours'],
    ['it is under legal hold', { legalHold: true }, 'legal-hold'],
    ['object lock protects it', { lockedUntil: daysAgo(-1) }, 'object-lock'],
    ['its lock ends at an unreadable date', { lockedUntil: new Date('?') }, 'object-lock'],
    ['it is still being made', { status: 'unfinished' }, 'not-finished'],
    ['the service calls it failed', { status: 'failed' }, 'not-finished'],
    ['its date is not known', { createdAt: new Date('?') }, 'date-not-plausible'],
    ['its date is the epoch, for want of one', { createdAt: new Date(0) }, 'date-not-plausible'],
    ['it is dated in the future', { createdAt: daysAgo(-0.05) }, 'date-not-plausible'],
  ] as const)('a backup, because %s', (_why, facts, rule) => {
    const result = plan([...newer, old(facts)]);
    expect(rulesFor(result, 'special')).toEqual([rule]);
    expect(pruned(result)).toEqual(['second']);
  });

  it('anything, after a run of its kind that failed or whose end is unknown', () => {
    const backups = [
      ...newer,
      dump('snapshot-1', daysAgo(1), { kind: 'manual-snapshot' }),
      dump('snapshot-2', daysAgo(2), { kind: 'manual-snapshot' }),
    ];
    for (const outcome of ['failed', 'unknown'] as const) {
      const result = planRetention(backups, STRICT, {
        now: NOW,
        lastRuns: { dump: outcome, 'manual-snapshot': 'succeeded' },
      });
      expect(pruned(result)).toEqual(['snapshot-2']);
      expect(rulesFor(result, 'second')).toEqual(['last-run-failed']);
    }
  });

  it('the newest verified ones, when every newer backup is unproven', () => {
    const unproven = Array.from({ length: 20 }, (_, day) => dump(`unproven-${day}`, daysAgo(day)));
    const result = plan([...unproven, verified('good', daysAgo(300)), verified('older', daysAgo(301))]);
    expect(kept(result)).toEqual(['unproven-0', 'good']);
  });

  it('the newest finished ones, while nothing has been verified yet', () => {
    const backups = [1, 2, 3, 4, 5].map((day) => dump(`day-${day}`, daysAgo(100 + day)));
    const result = plan(backups, { keepDays: 1, keepNewestVerified: 3 });
    expect(kept(result)).toEqual(['day-1', 'day-2', 'day-3']);
    expect(rulesFor(result, 'day-3')).toEqual(['newest-finished']);
  });

  it('the only good ones, when the schedule stood still for months', () => {
    const before = [0, 1, 2].map((day) => verified(`before-${day}`, daysAgo(200 + day)));
    const result = plan([dump('after', daysAgo(0)), ...before], { keepDays: 30, keepNewestVerified: 3 });
    expect(pruned(result)).toEqual([]);
  });

  it('the last backup of an instance that is gone', () => {
    const gone = { dbiResourceId: 'db-GONE', instanceDeleted: true };
    const result = plan([
      ...newer,
      dump('gone-new', daysAgo(399), gone),
      verified('gone-good', daysAgo(400), gone),
      verified('gone-old', daysAgo(401), gone),
    ]);
    expect(rulesFor(result, 'gone-good')).toContain('last-of-deleted-instance');
    expect(pruned(result)).toEqual(['second', 'gone-old']);
  });

  it('what a future-dated or foreign backup would have displaced', () => {
    const result = plan([
      verified('tomorrow', daysAgo(-1)),
      verified('by-hand', daysAgo(1), { managed: false }),
      dump('half', daysAgo(1), { status: 'failed', verifiedAt: NOW }),
      verified('real', daysAgo(2)),
    ]);
    expect(rulesFor(result, 'real')).toEqual(['newest-verified', 'newest-finished']);
  });

  it('a database’s floor, for the good of another database, instance or kind', () => {
    const many = (count: number, prefix: string, facts: Partial<RetentionBackup>) =>
      Array.from({ length: count }, (_, i) => verified(`${prefix}${i}`, daysAgo(i), facts));
    const result = plan([
      ...many(5, 'shop-', {}),
      ...many(1, 'blog-', { database: 'blog', createdAt: daysAgo(90) }),
      ...many(1, 'copy-', { dbiResourceId: 'db-COPY', createdAt: daysAgo(91) }),
      ...many(1, 'snap-', { kind: 'manual-snapshot', createdAt: daysAgo(92) }),
    ]);
    expect(kept(result)).toEqual(['shop-0', 'blog-0', 'copy-0', 'snap-0']);
  });
});

describe('duplicates', () => {
  it('counts a backup that two listings brought once', () => {
    const twice = () => verified('twice', daysAgo(1));
    const result = plan([twice(), twice(), verified('next', daysAgo(2)), twice()], {
      keepDays: 0,
      keepNewestVerified: 2,
    });
    expect(kept(result)).toEqual(['twice', 'next']);
  });

  it('keeps both of one identity that differ, and lets neither count', () => {
    const result = plan([
      verified('same', daysAgo(1)),
      verified('same', daysAgo(100), { dbiResourceId: 'db-OLD' }),
      verified('other', daysAgo(2)),
    ]);
    expect(kept(result)).toEqual(['same', 'other', 'same']);
    expect(rulesFor(result, 'same')).toEqual(['ambiguous-identity', 'ambiguous-identity']);
    expect(rulesFor(result, 'other')).toContain('newest-verified');
  });

  it('does not confuse dumps of two databases at the same instant', () => {
    const result = plan([verified('same', daysAgo(1)), verified('same', daysAgo(1), { database: 'blog' })]);
    expect(result.keep.flatMap(({ reasons }) => reasons.map(({ rule }) => rule))).not.toContain(
      'ambiguous-identity',
    );
  });
});

describe('keep-days', () => {
  it('keeps what is younger, and the one before: only it knows how the window began', () => {
    const backups = [1, 29, 30, 31, 32].map((day) => verified(`day-${day}`, daysAgo(day)));
    const result = plan(backups, { keepDays: 30, keepNewestVerified: 1 });
    expect(kept(result)).toEqual(['day-1', 'day-29', 'day-30', 'day-31']);
    expect(rulesFor(result, 'day-31')).toEqual(['beginning-of-keep-days']);
    expect(result.prune).toEqual([
      expect.objectContaining({ reason: 'older than 30 days, and no other rule keeps it' }),
    ]);
  });

  it('is 30 unless told otherwise, with a floor of 3', () => {
    expect(plan([], {}).policy).toEqual({
      keepDays: 30,
      keepDaily: 0,
      keepWeekly: 0,
      keepMonthly: 0,
      keepYearly: 0,
      keepNewestVerified: 3,
    });
  });
});

describe('keep-daily, -weekly, -monthly, -yearly', () => {
  const at = (instant: string) => verified(instant, new Date(instant));

  it('keeps the last of each day in UTC, and skips days without one', () => {
    const result = plan(
      [
        at('2026-11-22T23:59:59Z'),
        at('2026-11-22T00:00:00Z'),
        at('2026-11-15T12:00:00Z'),
        at('2026-11-15T11:00:00Z'),
        at('2026-11-01T12:00:00Z'),
      ],
      { ...STRICT, keepDaily: 2 },
    );
    expect(kept(result)).toEqual(['2026-11-22T23:59:59Z', '2026-11-15T12:00:00Z']);
  });

  it('begins a week on Monday, also where the year ends in it', () => {
    const result = plan(
      [
        at('2026-01-05T00:00:00Z'), // Monday
        at('2026-01-04T23:59:59Z'), // Sunday of the week that began on 2025-12-29
        at('2025-12-29T00:00:00Z'),
        at('2025-12-28T23:59:59Z'),
      ],
      { ...STRICT, keepWeekly: 3 },
    );
    expect(kept(result)).toEqual(['2026-01-05T00:00:00Z', '2026-01-04T23:59:59Z', '2025-12-28T23:59:59Z']);
    expect(result.keep[1]?.reasons).toEqual([
      { rule: 'keep-weekly', detail: 'last verified one of week of 2025-12-29' },
    ]);
  });

  it('adds the rules up: one match is enough', () => {
    const everyDay = Array.from({ length: 800 }, (_, day) =>
      verified(daysAgo(day).toISOString().slice(0, 10), daysAgo(day)),
    );
    const result = plan(everyDay, {
      keepDays: 0,
      keepNewestVerified: 1,
      keepDaily: 7,
      keepWeekly: 4,
      keepMonthly: 3,
      keepYearly: 2,
    });
    expect(kept(result)).toEqual([
      ...['23', '22', '21', '20', '19', '18', '17'].map((day) => `2026-11-${day}`),
      '2026-11-15',
      '2026-11-08',
      '2026-10-31',
      '2026-09-30',
      '2025-12-31',
    ]);
  });

  it('prefers the last that is verified: an unproven one must not push out the month’s good ones', () => {
    const result = plan(
      [
        verified('new', daysAgo(0)),
        dump('end-of-october', new Date('2026-10-31T02:00:00Z')),
        verified('good', new Date('2026-10-20T02:00:00Z')),
        verified('earlier', new Date('2026-10-10T02:00:00Z')),
      ],
      { ...STRICT, keepMonthly: 2 },
    );
    expect(kept(result)).toEqual(['new', 'good']);
  });
});

describe('what it refuses', () => {
  it('a floor of none', () => {
    expect(() => plan([], { keepNewestVerified: 0 })).toThrow(/keepNewestVerified/);
  });

  it('a policy with a word that it does not know', () => {
    expect(() => plan([], { keepHourly: 3 } as RetentionPolicyInput)).toThrow(/keepHourly/);
  });

  it('a present time that is none, with which nothing would be young', () => {
    const circumstances = { ...AFTER_SUCCESS, now: new Date('?') };
    expect(() => planRetention([verified('a', daysAgo(1))], {}, circumstances)).toThrow(RangeError);
  });
});
