import { judgeSchema, judgeVolume } from '../../../../core/backup/drill/compare-snapshot';
import type { DatabaseFingerprint } from '../../../../core/backup/fingerprint';
import { fingerprint } from '../verify/fixtures';

const orders = (rows: number, hash = 'a'.repeat(32)): DatabaseFingerprint =>
  fingerprint({ tables: [{ schema: 'public', name: 'orders', rows, hash }] });
const objects = (names: string[], hash: string) => ({
  schema: {
    index: {
      count: names.length,
      hash: hash.repeat(64),
      objects: Object.fromEntries(names.map((name) => [name, 'x'])),
    },
  },
});

describe('a snapshot compared with a dump of another instant', () => {
  test('has the same schema, whatever was written in between', () => {
    const later = {
      ...orders(1_000_000, 'b'.repeat(32)),
      sequences: [{ schema: 'public', name: 'ids', lastValue: '77', isCalled: true, direction: 1 as const }],
    };
    const before = { ...later, ...orders(3), sequences: [{ ...later.sequences[0]!, lastValue: '3' }] };
    expect(judgeSchema(before, later)).toMatchObject({ outcome: 'passed' });
  });

  test('fails when an index or a table is not there, and says what may explain it', () => {
    const missing = judgeSchema(fingerprint(objects(['orders_note'], 'a')), fingerprint());
    expect(missing).toMatchObject({ outcome: 'failed' });
    expect(missing.detail).toMatch(/orders_note.*a migration between/);
    expect(judgeSchema(orders(3), fingerprint({ tables: [] }))).toMatchObject({ outcome: 'failed' });
  });

  test.each([
    ['as many rows', 100_000, 100_000, 'passed'],
    ['a few more', 100_000, 119_999, 'passed'],
    ['a few less', 100_000, 80_001, 'passed'],
    ['a third less', 100_000, 66_000, 'failed'],
    ['half as many again', 100_000, 150_000, 'failed'],
    ['none', 100_000, 0, 'failed'],
    ['none of a handful', 90, 0, 'passed'],
  ])('with %s it is judged so', (_, before, now, outcome) => {
    expect(judgeVolume(orders(before), orders(now), 0.2)).toMatchObject({ outcome });
  });

  test('names the tables and both numbers', () => {
    const { detail } = judgeVolume(orders(5000), orders(0), 0.2);
    expect(detail).toContain('public.orders has 0 rows and had 5000');
  });

  test('says not-run when no table was counted in both', () => {
    const uncounted = fingerprint({
      tables: [{ schema: 'public', name: 'orders', omitted: 'left-out-by-configuration', sizeBytes: 1 }],
    });
    expect(judgeVolume(uncounted, orders(3), 0.2)).toMatchObject({ outcome: 'not-run' });
  });
});
