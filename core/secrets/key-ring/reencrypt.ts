import { escapeIdentifier, type Client } from 'pg';
import { CIPHERTEXT_PREFIX, decrypt, encrypt, type CipherContext } from './cipher';
import { findColumn, type EncryptedColumn, type FoundColumn } from './encrypted-column';
import {
  CiphertextMalformedError,
  CiphertextRefusedError,
  EncryptedColumnError,
  UnknownKeyError,
} from './errors';
import { currentKey, type DataKeyRing } from './ring';

/** Columns of a row as PostgreSQL writes them as text. */
export type RowText = Readonly<Record<string, string | null>>;

export interface Reencryption extends EncryptedColumn {
  /** As fresh as can be: a ring older than the policy's `cacheSeconds` would encrypt with a key that has been retired. */
  readonly ring: DataKeyRing;
  /** The context that the product gave when it encrypted: from the row's primary key and `contextColumns`. */
  readonly context: (row: RowText) => CipherContext;
  /** Columns besides the primary key that the context needs. */
  readonly contextColumns?: readonly string[];
  /** Rows that one statement changes, and locks while it runs. @default 500 */
  readonly batchRows?: number;
  /** Told after each batch. */
  readonly onProgress?: (progress: ReencryptionCounts) => void;
  /** Stops after the batch in hand. What is done stays done; another run goes on from there. */
  readonly signal?: AbortSignal;
}

export interface ReencryptionCounts {
  /** Values that are now of the current key. */
  readonly reencrypted: number;
  /** Values that somebody else changed meanwhile, and that were left as he wrote them. */
  readonly changedMeanwhile: number;
  readonly batches: number;
}

export interface ReencryptionReport extends ReencryptionCounts {
  /** Whether the last pass found no value of another key. */
  readonly complete: boolean;
  /** Values that can't be decrypted, and were left as they are. */
  readonly failed: number;
  /** The first few of those: the row's primary key and the error's code. */
  readonly failures: readonly { readonly row: RowText; readonly code: string }[];
}

/**
 * Encrypts every value of a column with the ring's current key, a batch of rows in primary key order at a time. A value
 * is replaced only while it is still the one that was read, so no writer loses anything. Killed at any moment it leaves
 * every value good, of one key or the other; run again it does what is left.
 *
 * Triggers of the table fire, and each value is a new row version: leave autovacuum time on a large table.
 *
 * @param client one connection, outside of a transaction, whose role may read and update all rows of the table
 * @throws EncryptedColumnError, the signal's reason, or what PostgreSQL says
 */
export async function reencryptColumn(client: Client, request: Reencryption): Promise<ReencryptionReport> {
  const target = await findTarget(client, request);
  let done: ReencryptionCounts = { reencrypted: 0, changedMeanwhile: 0, batches: 0 };
  for (let pass = 1; ; pass += 1) {
    const { counts, ...failures } = await onePass(client, target, request, done);
    const behind = counts.changedMeanwhile - done.changedMeanwhile;
    done = counts;
    // Whoever changed a row meanwhile may have done so with an older ring, also in a row that we had passed.
    if (behind > 0 && pass < MAX_PASSES) continue;
    const [left] = await inTransaction(client, () => readBatch(client, target, request, undefined, 1));
    return { ...done, ...failures, complete: left === undefined };
  }
}

const DEFAULT_BATCH_ROWS = 500;
/** More than that many passes means that somebody writes old keys as fast as we replace them. */
const MAX_PASSES = 5;
const MAX_FAILURES = 20;
/** A deadlock with a writer that locks several rows in another order, or a serialisation failure: harmless again. */
const RETRYABLE = new Set(['40P01', '40001']);
const MAX_ATTEMPTS = 5;

/** Once through the table, from its first row to its last. */
async function onePass(
  client: Client,
  target: Target,
  request: Reencryption,
  before: ReencryptionCounts,
): Promise<Pick<ReencryptionReport, 'failed' | 'failures'> & { counts: ReencryptionCounts }> {
  const { signal, onProgress, batchRows = DEFAULT_BATCH_ROWS } = request;
  const failures: { row: RowText; code: string }[] = [];
  let failed = 0;
  let counts = before;
  let after: readonly string[] | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const rows = await inTransaction(client, () => readBatch(client, target, request, after, batchRows));
    const last = rows.at(-1);
    if (!last) break;
    const results = rows.map((row) => encryptedAnew(row, request));
    const changes = results.flatMap((result) => ('change' in result ? [result.change] : []));
    const refused = results.flatMap((result) => ('failure' in result ? [result.failure] : []));
    failed += refused.length;
    failures.push(...refused.slice(0, MAX_FAILURES - failures.length));
    const changed = await updateBatch(client, target, changes);
    counts = {
      reencrypted: counts.reencrypted + changed,
      changedMeanwhile: counts.changedMeanwhile + changes.length - changed,
      batches: counts.batches + 1,
    };
    onProgress?.(counts);
    after = last.key;
  }
  return { counts, failed, failures };
}

interface Target extends FoundColumn {
  /** Of the primary key, in its order: quoted name, type as SQL writes it, and the plain name. */
  readonly key: readonly { readonly name: string; readonly quoted: string; readonly type: string }[];
}

interface Row {
  readonly key: readonly string[];
  /** The primary key's columns and the context's. */
  readonly names: RowText;
  readonly value: string;
}

interface Change {
  readonly key: readonly string[];
  readonly old: string;
  readonly new: string;
}

async function findTarget(client: Client, { table, column }: EncryptedColumn): Promise<Target> {
  const found = await findColumn(client, { table, column });
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_catalog.pg_index i
       CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = $1::regclass AND i.indisprimary
      ORDER BY k.place`,
    [found.table],
  );
  if (rows.length === 0) {
    throw new EncryptedColumnError(
      `${table} has no primary key, so its rows can't be told apart; add one, which the context of its values should name too`,
    );
  }
  return { ...found, key: rows.map((key) => ({ ...key, quoted: escapeIdentifier(key.name) })) };
}

async function readBatch(
  client: Client,
  { table, column, key }: Target,
  { ring, contextColumns = [] }: Reencryption,
  after: readonly string[] | undefined,
  limit: number,
): Promise<Row[]> {
  const text = `(t.${column}::text COLLATE "C")`;
  // Named with their table: plain names would mean the text of the columns that are selected, which sorts 10 before 9.
  const place = key.map(({ quoted }) => `t.${quoted}`).join(', ');
  const beyond = key.map(({ type }, index) => `$${index + 3}::text::${type}`).join(', ');
  const selected = [...key.map(({ quoted }) => quoted), ...contextColumns.map(escapeIdentifier), column];
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT ${selected.map((name) => `t.${name}::text`).join(', ')} FROM ${table} AS t
            WHERE pg_catalog.starts_with(${text}, '${CIPHERTEXT_PREFIX}.')
              AND NOT pg_catalog.starts_with(${text}, $1)
              ${after ? `AND (${place}) > (${beyond})` : ''}
            ORDER BY ${place} LIMIT $2`,
    values: [`${CIPHERTEXT_PREFIX}.${currentKey(ring).kid}.`, limit, ...(after ?? [])],
  });
  const names = [...key.map(({ name }) => name), ...contextColumns];
  return rows.map((row) => ({
    key: row.slice(0, key.length) as string[],
    names: Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])),
    value: row.at(-1)!,
  }));
}

function encryptedAnew(
  row: Row,
  { ring, context }: Reencryption,
): { change: Change } | { failure: { row: RowText; code: string } } {
  const place = context(row.names);
  try {
    const anew = encrypt(ring, decrypt(ring, row.value, place), place);
    return { change: { key: row.key, old: row.value, new: anew } };
  } catch (error) {
    if (
      error instanceof UnknownKeyError ||
      error instanceof CiphertextRefusedError ||
      error instanceof CiphertextMalformedError
    ) {
      return { failure: { row: row.names, code: error.code } };
    }
    throw error;
  }
}

/** One statement for all of them. Returns how many were still as they had been read. */
async function updateBatch(client: Client, target: Target, changes: readonly Change[]): Promise<number> {
  if (changes.length === 0) return 0;
  const { table, column, key } = target;
  const keyNames = key.map((_, index) => `k${index}`);
  const arrays = [...keyNames, 'old', 'new'].map((_, index) => `$${index + 1}::text[]`);
  const place = `(${key.map(({ quoted }) => `t.${quoted}`).join(', ')})`;
  const bound = (first: number) =>
    `(${key.map(({ type }, index) => `$${first + index}::text::${type}`).join(', ')})`;
  const sameRow = key.map(({ quoted, type }, index) => `t.${quoted} = v.k${index}::${type}`);
  const sql = `UPDATE ${table} AS t SET ${column} = v.new
     FROM unnest(${arrays.join(', ')}) AS v (${[...keyNames, 'old', 'new'].join(', ')})
    WHERE ${sameRow.join(' AND ')} AND (t.${column}::text COLLATE "C") = v.old
      AND ${place} BETWEEN ${bound(arrays.length + 1)} AND ${bound(arrays.length + key.length + 1)}`;
  const values = [
    ...keyNames.map((_, index) => changes.map(({ key: parts }) => parts[index])),
    changes.map(({ old }) => old),
    changes.map((change) => change.new),
    // Rows between the first and the last of them are all that is read: a join alone may read the whole table.
    ...changes[0]!.key,
    ...changes.at(-1)!.key,
  ];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(client, async () => (await client.query(sql, values)).rowCount ?? 0);
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!RETRYABLE.has(code) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** With row security off, a policy that hides rows from us is an error instead of values that are never replaced. */
async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    await client.query('SET LOCAL row_security = off');
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back by itself, and what it failed with says so.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
