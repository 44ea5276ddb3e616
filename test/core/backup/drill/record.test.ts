import fc from 'fast-check';
import {
  DrillRecord,
  drillFact,
  drillMetrics,
  extrapolate,
  type Verdict,
} from '../../../../core/backup/drill';
import { verdictOf } from '../../../../core/backup/drill/record';
import { dumpPart, DRILL_ID, drillInput, drillRecord, snapshotPart } from './fixtures';

const problemsOf = (changes: object) =>
  DrillRecord.safeParse(drillInput(changes)).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('a drill’s verdict', () => {
  test.each<[Verdict[], Verdict]>([
    [['passed'], 'passed'],
    [['passed', 'passed'], 'passed'],
    [['passed', 'not-run'], 'not-run'],
    [['not-run', 'passed'], 'not-run'],
    [['not-run', 'failed'], 'failed'],
    [['failed', 'passed'], 'failed'],
    [[], 'not-run'],
  ])('of parts that ended as %j is %s', (parts, verdict) => {
    expect(verdictOf(parts)).toBe(verdict);
  });

  test('is never passed while anything of it is not', () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('passed', 'failed', 'not-run'), { minLength: 1 });
    fc.assert(
      fc.property(verdicts, (of) => (verdictOf(of) === 'passed') === of.every((one) => one === 'passed')),
    );
  });
});

describe('a drill’s record', () => {
  test('is taken as it is written', () => {
    expect(problemsOf({})).toBeUndefined();
    expect(problemsOf({ snapshot: snapshotPart() })).toBeUndefined();
  });

  test('cannot say passed when a part was not run, or failed', () => {
    expect(problemsOf({ snapshot: snapshotPart({ verdict: 'not-run' }) })).toEqual([
      'verdict: the parts give not-run',
    ]);
    expect(problemsOf({ dump: dumpPart({}, { verdict: 'failed' }) })).toEqual([
      'verdict: the parts give failed',
    ]);
  });

  test('cannot have a part that passed when one of its stages was not run; smoke SQL is the team’s own', () => {
    expect(problemsOf({ dump: dumpPart({ fingerprint: 'not-run' }) })).toEqual([
      'dump: it cannot have passed: its stages give not-run',
    ]);
    expect(problemsOf({ dump: dumpPart({ smoke: 'not-run' }) })).toBeUndefined();
  });

  test.each([['20261123T030000Z'], ['x'], ['20261399T030000Z-4f2a9c01'], ['../20261123T030000Z-4f2a9c01']])(
    'has no id such as %s',
    (drillId) => {
      expect(problemsOf({ drillId })).toEqual(['drillId: expected the id of a drill']);
    },
  );

  test('tells the monitor what a recovery would take today', () => {
    expect(drillFact(drillRecord())).toEqual({
      id: DRILL_ID,
      finishedAt: new Date('2026-11-23T03:20:00Z'),
      verdict: 'passed',
      recoverySeconds: 12,
    });
    const failed = drillRecord({
      verdict: 'failed',
      dump: dumpPart({ restore: 'failed' }, { verdict: 'failed' }),
      recoverySeconds: null,
      extrapolatedSeconds: null,
      withinObjective: null,
    });
    expect(drillFact(failed)).toMatchObject({ verdict: 'failed', recoverySeconds: 0 });
  });

  test.each<[Verdict, number]>([
    ['passed', 0],
    ['failed', 1],
    ['not-run', 1],
  ])('that ended as %s counts as %d failed, with the time only where one was measured', (verdict, value) => {
    const failed = { name: 'DrillFailed', unit: 'Count', value };
    expect(drillMetrics({ verdict, extrapolatedSeconds: null })).toEqual([failed]);
    expect(drillMetrics({ verdict, extrapolatedSeconds: 12 })).toEqual([
      failed,
      { name: 'RecoveryTime', unit: 'Seconds', value: 12 },
    ]);
  });
});

describe('the time of a recovery', () => {
  test('grows as the live database has grown since the dump', () => {
    expect(extrapolate(100, 1000, 2500)).toEqual({
      seconds: 250,
      formula: '100 s × max(1, 2500 bytes live ÷ 1000 bytes dumped) = 250 s',
    });
  });

  test('is the measured one when the live database has shrunk, or nobody knows its size', () => {
    expect(extrapolate(100, 1000, 10).seconds).toBe(100);
    expect(extrapolate(100, 1000, undefined)).toEqual({
      seconds: 100,
      formula: "100 s as measured; the live database's size is not known",
    });
    expect(extrapolate(100, 0, 1000).seconds).toBe(100);
  });

  test('is never less than what was measured', () => {
    const positive = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(positive, positive, positive, (seconds, dumped, live) => {
        return extrapolate(seconds, dumped, live).seconds >= seconds;
      }),
    );
  });
});
