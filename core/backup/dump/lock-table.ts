import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';

const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Says which value the server's lock table needs, after it was full.
 *
 * It has room for `max_locks_per_transaction * (max_connections + max_prepared_transactions)` objects. A dump locks
 * every table and partition until its end, and the fingerprint's statements their indexes, too; a tenth is for everybody
 * else, and the value is rounded up to the next 64, its default.
 * https://www.postgresql.org/docs/17/runtime-config-locks.html
 *
 * @returns part of a sentence; undefined when the server does not tell
 */
export async function lockTableAdvice(
  endpoint: PostgresEndpoint,
  applicationName: string,
): Promise<string | undefined> {
  const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  try {
    return await withSession(endpoint, applicationName, limits, async (session) => {
      const { rows } = await session.query<{
        tables: number;
        indexes: number;
        perTransaction: number;
        others: number;
      }>(
        `SELECT (SELECT pg_catalog.count(*) FILTER (WHERE relkind IN ('r', 'p')) FROM pg_catalog.pg_class)::int AS tables,
          (SELECT pg_catalog.count(*) FILTER (WHERE relkind IN ('i', 'I')) FROM pg_catalog.pg_class)::int AS indexes,
          pg_catalog.current_setting('max_locks_per_transaction')::int AS "perTransaction",
          pg_catalog.current_setting('max_connections')::int
            + pg_catalog.current_setting('max_prepared_transactions')::int AS others`,
      );
      const { tables, indexes, perTransaction, others } = rows[0]!;
      const value = neededLocksPerTransaction(tables + indexes, others);
      return `it has ${tables} tables and partitions and ${indexes} indexes, and the lock table has room for ${perTransaction} × ${others} = ${perTransaction * others}: set max_locks_per_transaction to ${Math.max(value, perTransaction + STEP)} in the parameter group, and reboot`;
    });
  } catch {
    return undefined;
  }
}

const STEP = 64;

/**
 * @param objects that are locked at the same time
 * @param others `max_connections + max_prepared_transactions`
 */
export function neededLocksPerTransaction(objects: number, others: number): number {
  return Math.ceil((objects * 1.1) / others / STEP) * STEP;
}
