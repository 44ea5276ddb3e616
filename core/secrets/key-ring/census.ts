import type { Client } from 'pg';
import { saidBy } from '../../shared/errors';
import { CIPHERTEXT_PREFIX } from './cipher';
import { findColumn, type EncryptedColumn } from './encrypted-column';

/** Which keys ciphertexts still name. */
export interface KeyCensus {
  /** With the reason: the column that holds one, or why nobody could look. */
  readonly needed: readonly { readonly kid: string; readonly reason: string }[];
  /** Of which every column was searched and none holds a ciphertext. */
  readonly unneeded: readonly string[];
}

/**
 * Asks the database which of these keys its values still name. Each column is read once, in full: on a large table give
 * the session a `statement_timeout` and an hour at night. What can't be read is taken to need every key.
 *
 * @param client one connection, outside of a transaction
 * @param columns all columns that hold ciphertexts; with none nobody knows where they are, so everything is needed
 */
export async function keyCensus(
  client: Pick<Client, 'query'>,
  columns: readonly EncryptedColumn[],
  kids: readonly string[],
): Promise<KeyCensus> {
  if (columns.length === 0) return everyKeyNeeded(kids, 'no encrypted column is configured');
  const reasons = new Map<string, string>();
  for (const column of columns) {
    const open = kids.filter((kid) => !reasons.has(kid));
    if (open.length === 0) break;
    const place = `${column.table}, column ${column.column},`;
    const found = await kidsIn(client, column, open).catch((error: unknown) => saidBy(error));
    if (typeof found === 'string')
      open.forEach((kid) => reasons.set(kid, `${place} can't be read: ${found}`));
    else found.forEach((kid) => reasons.set(kid, `${place} holds ciphertexts of it`));
  }
  return {
    needed: [...reasons].map(([kid, reason]) => ({ kid, reason })),
    unneeded: kids.filter((kid) => !reasons.has(kid)),
  };
}

/** What stands for a census where nobody can look. */
export function everyKeyNeeded(kids: readonly string[], reason: string): KeyCensus {
  return { needed: kids.map((kid) => ({ kid, reason })), unneeded: [] };
}

async function kidsIn(
  client: Pick<Client, 'query'>,
  encrypted: EncryptedColumn,
  kids: readonly string[],
): Promise<string[]> {
  await client.query('BEGIN READ ONLY');
  try {
    // A policy that hides rows from us is then an error, instead of a key that nobody seems to need.
    await client.query('SET LOCAL row_security = off');
    const { table, column } = await findColumn(client, encrypted);
    // The text's own collation may be one that can't tell a prefix.
    const text = `(${column}::text COLLATE "C")`;
    const { rows } = await client.query<{ kid: string }>(
      `SELECT kid FROM (
         SELECT DISTINCT pg_catalog.split_part(${text}, '.', 2) AS kid FROM ${table}
          WHERE pg_catalog.starts_with(${text}, '${CIPHERTEXT_PREFIX}.')
       ) AS named WHERE kid = ANY ($1::text[])`,
      [kids],
    );
    return rows.map(({ kid }) => kid);
  } finally {
    await client.query('ROLLBACK');
  }
}
