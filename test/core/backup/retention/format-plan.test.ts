import { formatPlan, planAsJson, planRetention } from '../../../../core/backup/retention';
import { AFTER_SUCCESS, daysAgo, dump, verified } from './backups';

const plan = planRetention(
  [
    verified('new', daysAgo(0.5)),
    dump('tomorrow', daysAgo(-1)),
    dump('undated', new Date('?')),
    dump('old', daysAgo(40)),
    dump('oldest', daysAgo(41), { lockedUntil: daysAgo(30) }),
    dump('snapshot', daysAgo(3), { kind: 'manual-snapshot' }),
  ],
  { keepNewestVerified: 1 },
  AFTER_SUCCESS,
);

describe('a dry run', () => {
  it('shows what would go first, then what stays, with every reason', () => {
    const { header, rows, summary } = formatPlan(plan);
    expect(summary).toBe('1 of 6 backups would be pruned');
    expect(rows.every((row) => row.length === header.length)).toBe(true);
    expect(rows[0]).toEqual([
      'prune',
      'dump',
      'shop',
      'oldest',
      '2026-10-13T03:00:00.000Z',
      '41 d',
      'never',
      'older than 30 days, and no other rule keeps it',
    ]);
    const new_ = rows.find((row) => row[3] === 'new');
    expect(new_?.[5]).toBe('12 h');
    expect(new_?.[7]).toBe(
      'newest-verified: verified one 1 of 1; newest-finished: finished one 1 of 1; keep-days: younger than 30 days',
    );
  });

  it('does not stumble over dates that are wrong', () => {
    const ageOf = (id: string) => formatPlan(plan).rows.find((row) => row[3] === id)?.[5];
    expect(ageOf('tomorrow')).toBe('in the future');
    expect(ageOf('undated')).toBe('unknown');
  });

  it('gives programs plain JSON', () => {
    const json = planAsJson(plan);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json.prune).toEqual([
      {
        id: 'oldest',
        kind: 'dump',
        dbiResourceId: 'db-SHOP',
        database: 'shop',
        createdAt: '2026-10-13T03:00:00.000Z',
        verifiedAt: null,
        lockedUntil: '2026-10-24T03:00:00.000Z',
        reason: 'older than 30 days, and no other rule keeps it',
      },
    ]);
    expect(json.keep.find(({ id }) => id === 'undated')?.createdAt).toBeNull();
  });
});
