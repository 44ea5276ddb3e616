import fc from 'fast-check';
import {
  NO_ROWS,
  addRowSums,
  contentHash,
  rowText,
  type RowSums,
} from '../../../../core/backup/fingerprint/row-hash';

const sums = fc.record<RowSums>({
  rows: fc.bigInt({ min: 0n, max: 2n ** 40n }),
  low: fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }),
  high: fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }),
});

describe('the sum over ranges of a table', () => {
  it('does not depend on how the table was cut or in which order the ranges came back', () => {
    fc.assert(
      fc.property(fc.array(sums), fc.nat(), (parts, cut) => {
        const whole = parts.reduce(addRowSums, NO_ROWS);
        const at = parts.length === 0 ? 0 : cut % parts.length;
        const turned = [...parts.slice(at), ...parts.slice(0, at)].reverse();
        expect(contentHash(turned.reduce(addRowSums, NO_ROWS))).toBe(contentHash(whole));
      }),
    );
  });

  it('is always 32 hexadecimal digits, also below zero and beyond 64 bits', () => {
    fc.assert(
      fc.property(sums, (sum) => {
        expect(contentHash(sum)).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
    expect(contentHash({ rows: 1n, low: -1n, high: 2n ** 64n + 1n })).toBe(
      'ffffffffffffffff0000000000000001',
    );
  });

  it('does not let two equal rows cancel each other', () => {
    const row = { rows: 1n, low: 2n ** 63n - 1n, high: -7n };
    expect(contentHash(addRowSums(row, row))).not.toBe(contentHash(NO_ROWS));
  });
});

describe('the text of a row', () => {
  it('takes columns by name, so that their position does not matter', () => {
    const [a, b] = [
      { name: 'b', baseType: 'pg_catalog.int4' },
      { name: 'Ünï "q"', baseType: 'pg_catalog.text' },
    ];
    expect(rowText([a, b], 't')).toBe('ROW(t."b", t."Ünï ""q""")::pg_catalog.text');
    expect(rowText([b, a], 't')).toBe(rowText([a, b], 't'));
  });

  it('is there for a table without columns', () => {
    expect(rowText([], 't')).toBe('ROW()::pg_catalog.text');
  });
});
