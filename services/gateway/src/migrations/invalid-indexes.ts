import type { ClientBase } from 'pg';

/**
 * Drops what `CREATE INDEX CONCURRENTLY` leaves behind when it fails: an index that costs every write and serves nobody.
 * Only under the migration lock, for one that is just being made looks the same.
 * https://www.postgresql.org/docs/17/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export async function dropInvalidIndexes(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexrelid::pg_catalog.regclass::text AS name
       FROM pg_catalog.pg_index
       JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
      WHERE NOT indisvalid AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'golive')`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX CONCURRENTLY ${name}`);
}
