import { compareFingerprints } from '../../../../core/backup/fingerprint';
import { judgeContent, judgeStructure, splitDifferences } from '../../../../core/backup/verify/content';
import { difference, fingerprint } from './fixtures';

function judge(differences: Parameters<typeof splitDifferences>[0], expected = fingerprint()) {
  const split = splitDifferences(differences);
  return { structure: judgeStructure(expected, split), content: judgeContent(expected, split) };
}

describe('what was restored, compared with what was dumped', () => {
  test.each([
    ['content', 'passed', 'failed'],
    ['large object', 'passed', 'failed'],
    ['large object attributes', 'passed', 'failed'],
    // A table that has lost rows does not have the content that was dumped.
    ['rows', 'failed', 'failed'],
    ['table content', 'failed', 'failed'],
    ['sequence', 'failed', 'passed'],
    ['index', 'failed', 'passed'],
    ['grant', 'failed', 'passed'],
    ['a kind of the future', 'failed', 'passed'],
  ])('a difference of %s: structure %s, fingerprint %s', (kind, structure, content) => {
    const judged = judge([difference('error', kind, 'public.orders')]);
    expect(judged).toMatchObject({ structure: { status: structure }, content: { status: content } });
    const told = [judged.structure, judged.content].filter(({ status }) => status === 'failed');
    for (const { detail } of told) expect(detail).toContain('public.orders');
  });

  test('one row less in the comparison itself fails both', () => {
    const actual = fingerprint({
      tables: [{ schema: 'public', name: 'orders', rows: 2, hash: 'b'.repeat(32) }],
    });
    const judged = judge(compareFingerprints(fingerprint(), actual));
    expect(judged.structure).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('expected 3 rows, found 2 rows') as string,
    });
    expect(judged.content.status).toBe('failed');
  });

  test('nothing differs', () => {
    expect(judge([])).toMatchObject({
      structure: { status: 'passed', detail: expect.stringContaining('1 tables with 3 rows') as string },
      content: { status: 'passed', detail: expect.stringContaining('1 of 1 tables') as string },
    });
  });

  test('warnings fail nothing and are told', () => {
    expect(judge([difference('warning', 'role', 'reporting')]).structure).toMatchObject({
      status: 'passed',
      detail: expect.stringContaining('role of reporting differs') as string,
    });
  });

  test('a database that was made with another locale says nothing of the backup', () => {
    const judged = judge([difference('error', 'database', 'collate')]);
    expect(judged.structure).toMatchObject({
      status: 'not-run',
      detail: expect.stringContaining('template0') as string,
    });
    const worse = judge([difference('error', 'database', 'collate'), difference('error', 'index')]);
    expect(worse.structure.status).toBe('failed');
  });

  test('content passes with what was not compared named', () => {
    const judged = judge([difference('not-compared', 'content', 'public.huge')]);
    expect(judged.content).toMatchObject({
      status: 'passed',
      detail: expect.stringContaining('not compared: content of public.huge') as string,
    });
  });

  test('content of which nothing was compared does not pass', () => {
    const leftOut = fingerprint({
      tables: [{ schema: 'public', name: 'huge', omitted: 'too-large', rows: 3, sizeBytes: 1 }],
    });
    expect(
      judge(compareFingerprints(leftOut, fingerprint({ tables: leftOut.tables })), leftOut),
    ).toMatchObject({
      structure: { status: 'passed' },
      content: { status: 'not-run' },
    });
  });

  test('many differences are counted and not all told', () => {
    const all = Array.from({ length: 12 }, (_, index) => difference('error', 'index', `i${index}`));
    expect(judge(all).structure.detail).toMatch(/i4 differs; and 7 more$/);
  });
});
