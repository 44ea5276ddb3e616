import type { Client, QueryResult, QueryResultRow } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { postgresClient, type PostgresEndpoint } from '../../postgres/endpoint';
import { hangUp } from '../../postgres/hang-up';
import { FingerprintAbortedError, SnapshotGoneError, UnsupportedServerError, namedError } from './errors';
import { HASH_KNOWN_ANSWERS } from './row-hash';

const APPLICATION_NAME = 'golive-fingerprint';

/**
 * Everything that changes how a value is written as text, nailed down. Whoever connects may have other
 * defaults by role or database, and the same value must give the same text on every server.
 * https://www.postgresql.org/docs/17/runtime-config-client.html
 */
const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  // Names in definitions and in regclass columns are then always qualified, and nobody's function shadows ours.
  search_path: '',
  client_encoding: 'UTF8',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  // Any value above 0 is the shortest text that reads back as the same bits.
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  // An error instead of rows silently left out.
  row_security: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  // A sequential scan of our own is the load that was asked for; helpers would take the dump's cores.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // A server whose client is gone stops within a second instead of scanning on.
  client_connection_check_interval: '1s',
};

/** One connection inside the snapshot, with every setting that matters pinned. */
export class SnapshotSession {
  private constructor(
    private readonly client: Client,
    private readonly signal: AbortSignal | undefined,
    readonly snapshotId: string,
  ) {}

  /**
   * Opens a REPEATABLE READ READ ONLY transaction, in the given snapshot or in a new one that it exports.
   *
   * @param lockTimeoutMs how long a statement waits for a lock that a migration holds
   * @throws SnapshotGoneError, UnsupportedServerError, FingerprintFailedError
   */
  static async open(
    endpoint: PostgresEndpoint,
    options: { snapshotId?: string | undefined; lockTimeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<SnapshotSession> {
    const client = await postgresClient(endpoint, APPLICATION_NAME);
    // A connection that breaks also fails its query, and that is where we handle it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const settings = { ...PINNED_SETTINGS, lock_timeout: `${options.lockTimeoutMs}ms` };
      await client.query(
        Object.entries(settings)
          .map(([name, value]) => `SET ${escapeIdentifier(name)} = ${escapeLiteral(value)}`)
          .join('; '),
      );
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const snapshotId = options.snapshotId ?? (await exportSnapshot(client));
      if (options.snapshotId !== undefined) await importSnapshot(client, options.snapshotId);
      await refuseOtherHash(client);
      return new SnapshotSession(client, options.signal, snapshotId);
    } catch (error) {
      await hangUp(client);
      throw namedError(error, `database ${JSON.stringify(endpoint.database)}`);
    }
  }

  /**
   * For somebody else's connection that stands in a transaction, whose settings stay as they are: for what does not
   * write values as text. Who opened it ends it.
   */
  static over(client: Client, snapshotId: string): SnapshotSession {
    return new SnapshotSession(client, undefined, snapshotId);
  }

  /**
   * @param what what the statement reads, for the error's message
   * @throws the errors of `errors.ts`
   */
  async rows<Row extends QueryResultRow>(what: string, sql: string, values?: unknown[]): Promise<Row[]> {
    const result = await this.run<Row>(what, sql, values);
    return result.rows;
  }

  /**
   * Runs one statement and gives the table locks that it took back at once. Locks taken inside a
   * subtransaction end with its rollback, so workers never hold more than one table's, where a lock on every
   * table from every connection would overflow the server's lock table on databases with many partitions.
   */
  async rowsWithoutKeepingLocks<Row extends QueryResultRow>(what: string, sql: string): Promise<Row[]> {
    const results = await this.run<Row>(
      what,
      `SAVEPOINT one_table; ${sql}; ROLLBACK TO SAVEPOINT one_table; RELEASE SAVEPOINT one_table`,
    );
    // Several statements in one message give several results, which node-postgres' types do not know.
    return (results as unknown as QueryResult<Row>[])[1]?.rows ?? [];
  }

  /** Ends the transaction and the connection. Never throws: nothing was written that could be lost. */
  async close(): Promise<void> {
    await hangUp(this.client);
  }

  private async run<Row extends QueryResultRow>(
    what: string,
    sql: string,
    values?: unknown[],
  ): Promise<QueryResult<Row>> {
    if (this.signal?.aborted) throw aborted(this.signal);
    // node-postgres cannot cancel a statement. Without its client the server ends the statement by itself.
    const leave = (): void => void hangUp(this.client);
    this.signal?.addEventListener('abort', leave, { once: true });
    try {
      return await this.client.query<Row>(sql, values);
    } catch (error) {
      if (this.signal?.aborted) throw aborted(this.signal);
      throw namedError(error, what);
    } finally {
      this.signal?.removeEventListener('abort', leave);
    }
  }
}

function aborted(signal: AbortSignal): FingerprintAbortedError {
  return new FingerprintAbortedError(
    'the fingerprint was aborted before it was complete, so there is none; give it more time, or leave out the largest tables by its limits',
    { cause: signal.reason },
  );
}

async function exportSnapshot(client: Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
  return rows[0]!.id;
}

async function importSnapshot(client: Client, snapshotId: string): Promise<void> {
  try {
    await client.query(`SET TRANSACTION SNAPSHOT ${escapeLiteral(snapshotId)}`);
  } catch (error) {
    throw new SnapshotGoneError(
      `snapshot ${JSON.stringify(snapshotId)} cannot be used; keep the session that exported it open in its transaction, in the same database, until the fingerprint is complete`,
      { cause: error },
    );
  }
}

async function refuseOtherHash(client: Client): Promise<void> {
  const { rows } = await client.query<{ answer: string }>(
    HASH_KNOWN_ANSWERS.map(({ sql }) => `SELECT (${sql})::pg_catalog.text AS answer`).join(' UNION ALL '),
  );
  HASH_KNOWN_ANSWERS.forEach(({ sql, answer }, index) => {
    if (rows[index]?.answer === answer) return;
    throw new UnsupportedServerError(
      `this server gives ${rows[index]?.answer} for ${sql}, and fingerprints need ${answer}; take and compare them on little-endian PostgreSQL 15 to 17, such as RDS on x86 or Graviton`,
    );
  });
}
