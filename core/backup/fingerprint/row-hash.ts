import { escapeIdentifier } from 'pg';

/**
 * The content hash of a set of rows, computed by the server in one pass.
 *
 * A row becomes one text: `ROW(columns)::text`, which quotes values and tells NULL from ''. Two 64-bit hashes
 * of the text, with different seeds, are summed over the rows. A sum does not depend on the order, can be
 * added up from ranges and partitions, and does not let duplicates cancel as XOR would. Because a whole row is
 * hashed at once, two values swapped between rows change the sum; hashes of single columns would not.
 *
 * Why text and why this hash: docs/decisions/0601-fingerprint-hash.md.
 */
export interface RowSums {
  readonly rows: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

export const NO_ROWS: RowSums = { rows: 0n, low: 0n, high: 0n };

/** What a query made by {@link rowSumsSql} gives back. */
export interface RowSumsRow {
  rows: string;
  low: string;
  high: string;
}

/** Any two different numbers would do; changing them means another `fingerprintVersion`. */
const LOW_SEED = 1;
const HIGH_SEED = 2;

/**
 * hashtextextended is not documented to stay the same, though hash partitioning has relied on it since
 * PostgreSQL 11. So each session checks: the empty text, less than a block, several blocks.
 */
export const HASH_KNOWN_ANSWERS: readonly { readonly sql: string; readonly answer: string }[] = [
  { sql: hash(`''`, LOW_SEED), answer: '-150071773020461347' },
  { sql: hash(`'golive'`, LOW_SEED), answer: '-4097768520993091912' },
  {
    sql: hash(`'golive fingerprint known answer, longer than one block of twelve'`, HIGH_SEED),
    answer: '-4063816727250386342',
  },
];

/** A column, with its type seen through domains. */
export interface Column {
  readonly name: string;
  /** Qualified, such as `pg_catalog.bytea`. */
  readonly baseType: string;
}

/**
 * @param from what follows FROM, such as `ONLY "public"."orders" WHERE …`
 * @param texts an expression of type text for each row
 */
export function rowSumsSql(texts: string, from: string): string {
  // OFFSET 0 keeps the planner from computing the text once for each hash.
  return `SELECT pg_catalog.count(*)::pg_catalog.text AS rows,
    coalesce(pg_catalog.sum(${hash('r', LOW_SEED)}), 0)::pg_catalog.text AS low,
    coalesce(pg_catalog.sum(${hash('r', HIGH_SEED)}), 0)::pg_catalog.text AS high
  FROM (SELECT ${texts} AS r FROM ${from} OFFSET 0) AS texts`;
}

/**
 * The row as one text. Columns are taken in the order of their names: pg_dump can change the position of
 * columns in a table that inherits, and a dropped column leaves a gap that a restore does not have.
 */
export function rowText(columns: readonly Column[], alias: string): string {
  const values = columns
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .map((column) => valueOf(column, `${alias}.${escapeIdentifier(column.name)}`));
  return `ROW(${values.join(', ')})::pg_catalog.text`;
}

function valueOf(column: Column, reference: string): string {
  switch (column.baseType) {
    case 'pg_catalog.bytea':
      // Hexadecimal doubles the bytes and is five times slower; NULL stays NULL.
      return `pg_catalog.sha256(${reference})`;
    case 'pg_catalog."char"':
      // PostgreSQL 16 began to write bytes above 127 as octal.
      return `${reference}::pg_catalog.int4`;
    default:
      return reference;
  }
}

export function readRowSums(row: RowSumsRow): RowSums {
  return { rows: BigInt(row.rows), low: BigInt(row.low), high: BigInt(row.high) };
}

export function addRowSums(a: RowSums, b: RowSums): RowSums {
  return { rows: a.rows + b.rows, low: a.low + b.low, high: a.high + b.high };
}

/** Both sums modulo 2^64, as 32 hexadecimal digits. */
export function contentHash(sums: RowSums): string {
  return [sums.low, sums.high].map((sum) => BigInt.asUintN(64, sum).toString(16).padStart(16, '0')).join('');
}

function hash(text: string, seed: number): string {
  // The C collation: hashing by a non-deterministic one would go through the library's sort keys.
  return `pg_catalog.hashtextextended(${text} COLLATE pg_catalog."C", ${seed})`;
}
