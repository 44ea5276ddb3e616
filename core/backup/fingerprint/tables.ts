import { groupBy } from '../../shared/group-by';
import { escapeIdentifier } from 'pg';
import { FingerprintForbiddenError, RowSecurityHidesRowsError, SchemaChangedError } from './errors';
import {
  NO_ROWS,
  addRowSums,
  contentHash,
  readRowSums,
  rowSumsSql,
  rowText,
  type Column,
  type RowSums,
  type RowSumsRow,
} from './row-hash';
import type { SnapshotSession } from './session';
import type { FingerprintLimits, OmissionReason, TableFingerprint } from './types';
import { NOT_OF_AN_EXTENSION, USER_SCHEMA } from './user-objects';

/** A table that holds rows itself, or a partitioned one whose rows are those of its partitions. */
export interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** The partitioned table that this one is a partition of. */
  readonly parent: number | null;
  /** Only a heap can be read in ranges of blocks. */
  readonly isHeap: boolean;
  readonly blocks: number;
  readonly sizeBytes: number;
  /** An extension's configuration table is dumped where this `WHERE …` holds; else empty. */
  readonly condition: string;
  readonly columns: readonly Column[];
}

/** One statement's worth of work. */
export interface TableTask {
  readonly table: Table;
  readonly sizeBytes: number;
  readonly mode: 'hash' | 'count';
  /** Blocks [from, to) to read; undefined reads the table whole. */
  readonly range?: { readonly from: number; readonly to: number };
}

/** Large enough to make the start of a statement disappear, small enough to keep all connections busy to the end. */
const RANGE_BYTES = 64 * 1024 * 1024;
/** A statement that locks thousands of tables is hard to read in the server's log. */
const TABLES_PER_LOCK = 200;

/**
 * Lists every table whose rows pg_dump would dump, then locks them against being dropped, truncated or
 * rewritten until the session's transaction ends (ACCESS SHARE, as pg_dump does: readers and writers go on).
 *
 * @throws FingerprintForbiddenError or RowSecurityHidesRowsError with every table that is concerned
 * @throws SchemaChangedError when one was truncated or rewritten after the snapshot
 */
export async function lockTables(session: SnapshotSession, limits: FingerprintLimits): Promise<Table[]> {
  const listed = await session.rows<ListedTable>('the list of tables', LIST_TABLES);
  const readable = listed.filter((table) => !table.partitioned && !isLeftOut(table, limits));
  refuseUnreadable(readable);
  for (let start = 0; start < readable.length; start += TABLES_PER_LOCK) {
    const names = readable.slice(start, start + TABLES_PER_LOCK).map((table) => `ONLY ${qualified(table)}`);
    const what = names.length === 1 ? names[0]! : `${names[0]} and ${names.length - 1} more tables`;
    await session.rows(what, `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  }
  const measured = await session.rows<Measured>('the sizes of tables', MEASURE_TABLES, [
    listed.filter((table) => !table.partitioned).map((table) => table.oid),
  ]);
  const sizes = new Map(measured.map((row) => [row.oid, row]));
  return listed.map((table) => {
    const size = sizes.get(table.oid);
    if (!table.partitioned && !isLeftOut(table, limits) && size?.filenode !== table.filenode) {
      // TRUNCATE does not care for snapshots: an older one sees the table empty.
      throw new SchemaChangedError(
        `table ${qualified(table)} was truncated or rewritten after the snapshot; try again when the migration is through`,
      );
    }
    return { ...table, blocks: Number(size?.blocks ?? 0), sizeBytes: Number(size?.bytes ?? 0) };
  });
}

/** Why a table is not hashed; undefined for one that is. */
export function omission(table: Table, limits: FingerprintLimits): OmissionReason | undefined {
  if (isLeftOut(table, limits)) return 'left-out-by-configuration';
  return table.sizeBytes > (limits.maxTableBytes ?? Infinity) ? 'too-large' : undefined;
}

function isLeftOut(table: { schema: string; name: string }, limits: FingerprintLimits): boolean {
  return limits.leaveOut?.some(({ schema, name }) => schema === table.schema && name === table.name) ?? false;
}

/** The statements that the tables need, largest first, so that none of them is left alone at the end. */
export function planTables(tables: readonly Table[], limits: FingerprintLimits): TableTask[] {
  return tables
    .filter((table) => !table.partitioned)
    .flatMap((table): TableTask[] => {
      const reason = omission(table, limits);
      if (reason === undefined) return rangesOf(table);
      if (reason === 'left-out-by-configuration' || limits.countTooLarge === false) return [];
      return [{ table, sizeBytes: table.sizeBytes, mode: 'count' }];
    })
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes);
}

function rangesOf(table: Table): TableTask[] {
  const mode = 'hash';
  if (!table.isHeap) return [{ table, sizeBytes: table.sizeBytes, mode }];
  // A heap without blocks has no rows in any snapshot: no statement for thousands of empty partitions.
  if (table.blocks === 0) return [];
  const count = Math.min(Math.ceil(table.sizeBytes / RANGE_BYTES), table.blocks);
  if (count <= 1) return [{ table, sizeBytes: table.sizeBytes, mode }];
  return Array.from({ length: count }, (_, index) => ({
    table,
    sizeBytes: table.sizeBytes / count,
    mode,
    range: {
      from: Math.floor((table.blocks * index) / count),
      to: Math.floor((table.blocks * (index + 1)) / count),
    },
  }));
}

/** @throws the errors of `errors.ts` */
export async function runTableTask(session: SnapshotSession, task: TableTask): Promise<RowSums> {
  const { table, range } = task;
  const conditions = [table.condition.replace(/^\s*where\b/i, '').trim()].filter((text) => text !== '');
  if (range) conditions.push(`ctid >= '(${range.from},0)'`, `ctid < '(${range.to},0)'`);
  const where =
    conditions.length === 0 ? '' : ` WHERE ${conditions.map((text) => `(${text})`).join(' AND ')}`;
  const from = `ONLY ${qualified(table)} AS t${where}`;
  const sql =
    task.mode === 'count'
      ? `SELECT pg_catalog.count(*)::pg_catalog.text AS rows, '0' AS low, '0' AS high FROM ${from}`
      : rowSumsSql(rowText(table.columns, 't'), from);
  const [row] = await session.rowsWithoutKeepingLocks<RowSumsRow>(`table ${qualified(table)}`, sql);
  return row ? readRowSums(row) : NO_ROWS;
}

/**
 * Puts the results of all tasks together, in the order of names. A partitioned table is the sum of its
 * partitions, so it stays the same when rows only moved between them.
 */
export function summariseTables(
  tables: readonly Table[],
  results: ReadonlyMap<number, RowSums>,
  limits: FingerprintLimits,
): TableFingerprint[] {
  const partitions = groupBy(tables, (table) => table.parent);
  const summarise = (table: Table): Summary => {
    if (!table.partitioned) {
      const reason = omission(table, limits);
      const counted = reason === undefined || (reason === 'too-large' && limits.countTooLarge !== false);
      return {
        sums: counted ? (results.get(table.oid) ?? NO_ROWS) : undefined,
        reason,
        sizeBytes: table.sizeBytes,
      };
    }
    const parts = (partitions.get(table.oid) ?? []).map(summarise);
    return {
      sums: parts.reduce<RowSums | undefined>(
        (sum, part) => (sum && part.sums ? addRowSums(sum, part.sums) : undefined),
        NO_ROWS,
      ),
      reason: parts.some((part) => part.reason !== undefined) ? 'partition-omitted' : undefined,
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    };
  };
  return tables.map((table) => {
    const { sums, reason, sizeBytes } = summarise(table);
    const { schema, name } = table;
    const rows = sums && Number(sums.rows);
    if (reason !== undefined)
      return { schema, name, omitted: reason, ...(rows !== undefined && { rows }), sizeBytes };
    return { schema, name, rows: rows ?? 0, hash: contentHash(sums ?? NO_ROWS) };
  });
}

export function qualified(relation: { schema: string; name: string }): string {
  return `${escapeIdentifier(relation.schema)}.${escapeIdentifier(relation.name)}`;
}

function refuseUnreadable(tables: readonly ListedTable[]): void {
  const names = (chosen: ListedTable[]): string => chosen.map(qualified).join(', ');
  const forbidden = tables.filter((table) => !table.readable);
  if (forbidden.length > 0) {
    throw new FingerprintForbiddenError(
      `no SELECT on ${names(forbidden)}; grant the role SELECT on them, or membership in pg_read_all_data`,
    );
  }
  const hidden = tables.filter((table) => table.hidesRows);
  if (hidden.length > 0) {
    throw new RowSecurityHidesRowsError(
      `row-level security hides rows of ${names(hidden)} from this role, so a fingerprint would be wrong; give the role BYPASSRLS, or ownership without FORCE ROW LEVEL SECURITY`,
    );
  }
}

interface Summary {
  sums: RowSums | undefined;
  reason: OmissionReason | undefined;
  sizeBytes: number;
}

interface ListedTable extends Omit<Table, 'blocks' | 'sizeBytes'> {
  readonly filenode: number;
  readonly readable: boolean;
  readonly hidesRows: boolean;
}

interface Measured {
  oid: number;
  filenode: number;
  blocks: string;
  bytes: string;
}

/**
 * Ordinary and partitioned tables, unlogged ones too. Of an extension's tables pg_dump takes the rows of those
 * that the extension declares as configuration. Foreign tables' rows are elsewhere; views hold none.
 *
 * The columns of all tables are put together at once: table by table, each would look through all types, of which
 * there are two for every table.
 */
const LIST_TABLES = `
  WITH RECURSIVE step(domain, type) AS (
    SELECT oid, typbasetype FROM pg_catalog.pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT s.domain, t.typbasetype FROM step s JOIN pg_catalog.pg_type t ON t.oid = s.type WHERE t.typtype = 'd'
  ), base AS (
    SELECT s.domain, s.type FROM step s JOIN pg_catalog.pg_type t ON t.oid = s.type WHERE t.typtype <> 'd'
  ), columns_of AS MATERIALIZED (
    SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
      'baseType', tn.nspname || '.' || pg_catalog.quote_ident(t.typname)) ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    LEFT JOIN base b ON b.domain = a.atttypid
    JOIN pg_catalog.pg_type t ON t.oid = coalesce(b.type, a.atttypid)
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
  )
  SELECT c.oid, n.nspname AS schema, c.relname AS name,
    c.relkind = 'p' AS partitioned,
    CASE WHEN c.relispartition THEN i.inhparent END AS parent,
    coalesce(am.amname = 'heap', false) AS "isHeap",
    c.relfilenode AS filenode,
    coalesce(configuration.condition, '') AS condition,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    pg_catalog.row_security_active(c.oid) AS "hidesRows",
    coalesce(l.columns, '[]') AS columns
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
  LEFT JOIN columns_of l ON l.attrelid = c.oid
  LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
  LEFT JOIN LATERAL (
    SELECT e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)] AS condition
    FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)
  ) AS configuration ON true
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${USER_SCHEMA('n')}
    AND (configuration.condition IS NOT NULL OR ${NOT_OF_AN_EXTENSION('pg_class', 'c.oid')})
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** As things are now, not as the snapshot sees them: sizes and file nodes live outside of it. */
const MEASURE_TABLES = `
  SELECT oid, pg_catalog.pg_relation_filenode(oid) AS filenode,
    pg_catalog.pg_relation_size(oid) / pg_catalog.current_setting('block_size')::int8 AS blocks,
    pg_catalog.pg_table_size(oid) AS bytes
  FROM pg_catalog.unnest($1::oid[]) AS oid`;
