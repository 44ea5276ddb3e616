import { escapeIdentifier, type Client } from 'pg';
import { EncryptedColumnError } from './errors';

/** A column whose values `encrypt` makes. Each value is one whole ciphertext. */
export interface EncryptedColumn {
  /** With its schema, such as `public.users`. Names stand as the catalogue has them, unquoted. */
  readonly table: string;
  readonly column: string;
}

/** A column that was found in the database, ready to be written into SQL. */
export interface FoundColumn {
  /** Quoted, with its schema. */
  readonly table: string;
  /** Quoted. */
  readonly column: string;
}

/**
 * Looks the column up, and refuses one whose ciphertexts a query would not find: of a view, which may leave rows out,
 * or of a type such as jsonb or text[], where they stand inside of something else.
 *
 * @throws EncryptedColumnError
 */
export async function findColumn(
  client: Pick<Client, 'query'>,
  { table, column }: EncryptedColumn,
): Promise<FoundColumn> {
  const [schema, name] = namesOf(table);
  refuseNoName(column);
  const { rows } = await client.query<{ kind: string; category: string }>(
    `SELECT c.relkind AS kind, t.typcategory AS category
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3`,
    [schema, name, column],
  );
  const what = `${table}, column ${column},`;
  if (!rows[0]) {
    throw new EncryptedColumnError(`${what} is not in the database; correct the configured columns`);
  }
  if (!['r', 'p'].includes(rows[0].kind)) {
    throw new EncryptedColumnError(
      `${what} is not of an ordinary table; name the table that holds the values`,
    );
  }
  if (rows[0].category !== 'S') {
    throw new EncryptedColumnError(
      `${what} is not of a text type; keep each ciphertext in a text column of its own`,
    );
  }
  return {
    table: `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    column: escapeIdentifier(column),
  };
}

/** PostgreSQL cuts longer names off, and so would look at another thing of that name. */
const MAX_NAME_BYTES = 63;

function namesOf(table: string): [schema: string, table: string] {
  const [schema, name, ...others] = table.split('.');
  if (schema === undefined || name === undefined || others.length > 0) {
    throw new EncryptedColumnError(
      `table ${JSON.stringify(table)} is not of the form schema.table; correct the configured columns`,
    );
  }
  refuseNoName(schema);
  refuseNoName(name);
  return [schema, name];
}

function refuseNoName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > 0 && bytes <= MAX_NAME_BYTES && !name.includes('\0')) return;
  throw new EncryptedColumnError(
    `${JSON.stringify(name)} can't be a name in PostgreSQL, which takes 1 to ${MAX_NAME_BYTES} bytes; correct the configured columns`,
  );
}
