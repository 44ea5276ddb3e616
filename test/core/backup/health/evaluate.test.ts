import fc from 'fast-check';
import { evaluateHealth, HealthLimits } from '../../../../core/backup/health/evaluate';
import type { BackupFacts, DumpFact } from '../../../../core/backup/health/facts';
import { CHECK_NAMES, HealthReport, type Check } from '../../../../core/backup/health/report';

const now = new Date('2026-11-23T03:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);
const limits = HealthLimits.parse({});

function dump(age: number, bytes = 1000): DumpFact {
  return { id: `dump-${age}h`, createdAt: hoursAgo(age), bytes };
}

function healthy(change: Partial<BackupFacts> = {}): BackupFacts {
  return {
    environment: 'prod',
    observedAt: now,
    snapshots: [{ id: 'snapshot-1', createdAt: hoursAgo(2), status: 'available' }],
    dumps: { listed: [dump(1), dump(25), dump(49), dump(73)], rejected: [] },
    retention: { missing: [], overdue: [] },
    drill: { id: 'drill-1', finishedAt: hoursAgo(48), verdict: 'passed', recoverySeconds: 600 },
    offsite: {
      region: 'eu-west-1',
      newestCopyAt: hoursAgo(3),
      encrypted: true,
      locked: true,
      lockRequired: true,
    },
    ...change,
  };
}

function check(facts: BackupFacts, name: Check['name'], changedLimits = limits): Check {
  const found = evaluateHealth(facts, changedLimits).checks.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no check called ${name}`);
  return found;
}

describe('the health of backups', () => {
  it('is ok when all seven checks are', () => {
    const report = evaluateHealth(healthy(), limits);
    expect(report.checks.map(({ name, status }) => [name, status])).toEqual(
      CHECK_NAMES.map((name) => [name, 'ok']),
    );
    expect(report.status).toBe('ok');
  });

  it('is critical when a single check is', () => {
    expect(evaluateHealth(healthy({ snapshots: [] }), limits).status).toBe('critical');
  });

  it.each(['snapshots', 'dumps', 'retention', 'drill', 'offsite'] as const)(
    'never calls it ok when %s could not be read',
    (part) => {
      const report = evaluateHealth(healthy({ [part]: { unreadable: 'AccessDenied' } }), limits);
      expect(report.status).toBe('warning');
      const unread = report.checks.filter((candidate) => candidate.status === 'not-run');
      expect(unread.length).toBeGreaterThan(0);
      expect(unread.every((candidate) => candidate.detail.includes('AccessDenied'))).toBe(true);
    },
  );

  describe('freshness', () => {
    it.each([
      [26, 'ok'],
      [26.5, 'warning'],
      [50.5, 'critical'],
    ])('a newest snapshot %d hours old is %s', (age, status) => {
      const facts = healthy({ snapshots: [{ id: 's', createdAt: hoursAgo(age), status: 'available' }] });
      expect(check(facts, 'snapshot-freshness').status).toBe(status);
    });

    it('does not count a snapshot that is not available, and names a failed one', () => {
      const facts = healthy({
        snapshots: [
          { id: 'old', createdAt: hoursAgo(60), status: 'available' },
          { id: 'broken', createdAt: hoursAgo(1), status: 'failed' },
        ],
      });
      expect(check(facts, 'snapshot-freshness')).toMatchObject({
        status: 'critical',
        detail: 'the newest snapshot is old; failed: broken',
      });
    });

    it('warns of a backup from the future instead of calling it fresh', () => {
      const facts = healthy({ dumps: { listed: [dump(-1)], rejected: [] } });
      expect(check(facts, 'dump-freshness')).toMatchObject({
        status: 'warning',
        figure: '1 h 0 min in the future',
      });
    });
  });

  it('is critical when anything in the vault is half a backup, and says which', () => {
    const reason = 'archive is 5 bytes, manifest says 9';
    const rejected = [{ key: 'dumps/app/…/manifest.json', reason, isLeftover: false }];
    expect(check(healthy({ dumps: { listed: [dump(1)], rejected } }), 'completeness')).toMatchObject({
      status: 'critical',
      detail: 'dumps/app/…/manifest.json: archive is 5 bytes, manifest says 9',
    });
  });

  describe('size', () => {
    it.each([
      [1000, 'ok', '+0 %'],
      [650, 'warning', '−35 %'],
      [350, 'critical', '−65 %'],
      [2100, 'warning', '+110 %'],
    ])('a newest dump of %d bytes against a median of 1000 is %s', (bytes, status, figure) => {
      const facts = healthy({
        dumps: { listed: [dump(1, bytes), dump(25), dump(49), dump(73)], rejected: [] },
      });
      expect(check(facts, 'size-anomaly')).toMatchObject({ status, figure });
    });

    it('is judged against the median, so that one odd dump before it does not hide a drop', () => {
      const listed = [dump(1, 300), dump(25, 310), dump(49, 1000), dump(73, 1000), dump(97, 1000)];
      expect(check(healthy({ dumps: { listed, rejected: [] } }), 'size-anomaly').status).toBe('critical');
    });

    it('says nothing of the first three dumps', () => {
      const listed = [dump(1, 1), dump(25), dump(49)];
      expect(check(healthy({ dumps: { listed, rejected: [] } }), 'size-anomaly').detail).toBe(
        'too few dumps to compare with',
      );
    });
  });

  it('is critical when retention lost something, and a warning when it is behind', () => {
    expect(check(healthy({ retention: { missing: ['a'], overdue: ['b'] } }), 'retention').status).toBe(
      'critical',
    );
    expect(check(healthy({ retention: { missing: [], overdue: ['b'] } }), 'retention').status).toBe(
      'warning',
    );
  });

  describe('the restore drill', () => {
    const drilled = (change: object) =>
      healthy({ drill: { ...(healthy().drill as object), ...change } as never });

    it.each([
      ['never ran', healthy({ drill: undefined }), 'critical'],
      ['failed', drilled({ verdict: 'failed' }), 'critical'],
      ['could not run', drilled({ verdict: 'not-run' }), 'critical'],
      ['took longer than the recovery time objective', drilled({ recoverySeconds: 1801 }), 'critical'],
      ['is nine days old', drilled({ finishedAt: hoursAgo(9 * 24) }), 'warning'],
      ['is sixteen days old', drilled({ finishedAt: hoursAgo(16 * 24) }), 'critical'],
    ])('that %s', (_, facts, status) => {
      expect(check(facts, 'restore-drill').status).toBe(status);
    });
  });

  describe('the off-site copy', () => {
    const copied = (change: object) =>
      healthy({ offsite: { ...(healthy().offsite as object), ...change } as never });

    it.each([
      ['is absent where none is required', healthy({ offsite: undefined }), limits, 'ok'],
      [
        'is absent where one is required',
        healthy({ offsite: undefined }),
        { ...limits, offsiteRequired: true },
        'critical',
      ],
      ['never arrived', copied({ newestCopyAt: undefined }), limits, 'critical'],
      ['is not encrypted', copied({ encrypted: false }), limits, 'critical'],
      ['is not locked though it must be', copied({ locked: false }), limits, 'critical'],
      ['is 27 hours behind', copied({ newestCopyAt: hoursAgo(27) }), limits, 'warning'],
    ] as const)('that %s', (_, facts, changedLimits, status) => {
      expect(check(facts, 'off-site-copy', changedLimits).status).toBe(status);
    });
  });

  it('always gives a report that its own schema accepts, and is never ok without a fresh dump', () => {
    const age = fc.double({ min: -100, max: 1000, noNaN: true });
    const dumps = fc.array(fc.tuple(age, fc.nat()), { maxLength: 20 });
    fc.assert(
      fc.property(dumps, (drawn) => {
        const listed = drawn.map(([hours, bytes]) => dump(hours, bytes));
        const report = evaluateHealth(healthy({ dumps: { listed, rejected: [] } }), limits);
        expect(HealthReport.parse(report)).toEqual(report);
        const fresh = listed.some((one) => one.createdAt >= hoursAgo(26));
        expect(fresh || report.status !== 'ok').toBe(true);
      }),
    );
  });
});
