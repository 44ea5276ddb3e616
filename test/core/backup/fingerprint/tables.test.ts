import fc from 'fast-check';
import { planTables, summariseTables, type Table } from '../../../../core/backup/fingerprint/tables';
import type { RowSums } from '../../../../core/backup/fingerprint/row-hash';

const MiB = 1024 * 1024;
let nextOid = 1;
const table = (name: string, more: Partial<Table> = {}): Table => ({
  oid: nextOid++,
  schema: 'app',
  name,
  partitioned: false,
  parent: null,
  isHeap: true,
  blocks: 1,
  sizeBytes: 8192,
  condition: '',
  columns: [],
  ...more,
});

describe('the work on tables', () => {
  it('covers every block of a large table exactly once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 0, max: 500 }),
        (blocks, toastMiB) => {
          const tasks = planTables([table('big', { blocks, sizeBytes: blocks * 8192 + toastMiB * MiB })], {});
          const ranges = tasks.map((task) => task.range ?? { from: 0, to: blocks });
          const ordered = ranges.toSorted((a, b) => a.from - b.from);
          expect(ordered[0]?.from).toBe(0);
          expect(ordered.at(-1)?.to).toBe(blocks);
          ordered.slice(1).forEach((range, index) => expect(range.from).toBe(ordered[index]?.to));
          expect(ranges.every(({ from, to }) => to > from)).toBe(true);
        },
      ),
    );
  });

  it('begins with the largest, and asks nothing of tables without blocks', () => {
    const tasks = planTables(
      [
        table('empty', { blocks: 0, sizeBytes: 8192 }),
        table('small'),
        table('large', { sizeBytes: MiB, blocks: 128 }),
      ],
      {},
    );
    expect(tasks.map((task) => task.table.name)).toEqual(['large', 'small']);
  });

  it('reads a table whole that is not a heap', () => {
    const tasks = planTables([table('columnar', { isHeap: false, blocks: 0, sizeBytes: 900 * MiB })], {});
    expect(tasks).toHaveLength(1);
    expect(tasks[0]?.range).toBeUndefined();
  });

  it('counts what is too large, and does not touch what is left out', () => {
    const tables = [table('cache'), table('huge', { sizeBytes: 10 * MiB, blocks: 1280 }), table('orders')];
    const limits = { maxTableBytes: MiB, leaveOut: [{ schema: 'app', name: 'cache' }] };
    expect(planTables(tables, limits).map(({ table: { name }, mode }) => [name, mode])).toEqual([
      ['huge', 'count'],
      ['orders', 'hash'],
    ]);
    expect(
      planTables(tables, { ...limits, countTooLarge: false }).map(({ table: { name } }) => name),
    ).toEqual(['orders']);
  });
});

describe('what is said of tables', () => {
  const sums = (rows: bigint, low: bigint, high: bigint): RowSums => ({ rows, low, high });

  it('names why a table has no hash, and gives its rows only when they were counted', () => {
    const huge = table('huge', { sizeBytes: 10 * MiB });
    const limits = { maxTableBytes: MiB };
    const results = new Map([[huge.oid, sums(12n, 0n, 0n)]]);
    expect(summariseTables([huge], results, limits)).toEqual([
      { schema: 'app', name: 'huge', omitted: 'too-large', rows: 12, sizeBytes: 10 * MiB },
    ]);
    expect(summariseTables([huge], new Map(), { ...limits, countTooLarge: false })).toEqual([
      { schema: 'app', name: 'huge', omitted: 'too-large', sizeBytes: 10 * MiB },
    ]);
  });

  it('makes a partitioned table the sum of its partitions, through all levels', () => {
    const root = table('root', { partitioned: true });
    const middle = table('middle', { partitioned: true, parent: root.oid });
    const [one, two] = [table('one', { parent: root.oid }), table('two', { parent: middle.oid })];
    const results = new Map([
      [one.oid, sums(1n, 1n, 2n)],
      [two.oid, sums(2n, 4n, 8n)],
    ]);
    const [summary] = summariseTables([root, middle, one, two], results, {});
    expect(summary).toEqual({
      schema: 'app',
      name: 'root',
      rows: 3,
      hash: '0000000000000005000000000000000a',
    });
  });

  it('has no hash for a partitioned table when a partition has none', () => {
    const root = table('root', { partitioned: true });
    const [part, other] = [table('part', { parent: root.oid }), table('other', { parent: root.oid })];
    const limits = { leaveOut: [{ schema: 'app', name: 'part' }] };
    expect(summariseTables([root, part, other], new Map([[other.oid, sums(5n, 1n, 1n)]]), limits)[0]).toEqual(
      {
        schema: 'app',
        name: 'root',
        omitted: 'partition-omitted',
        sizeBytes: 16_384,
      },
    );
  });
});
