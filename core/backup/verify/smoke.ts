import type { Client } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { failed, notRun, passed, someOf, type Outcome } from './outcome';

/** A question of the team's own, such as whether yesterday's orders are there. */
export interface SmokeStatement {
  readonly name: string;
  /**
   * One SELECT, WITH or VALUES that gives one row whose first column is true. Names are best qualified: a
   * `search_path` that was set for the database does not come with a dump.
   */
  readonly sql: string;
}

/**
 * Asks every statement, each in a read-only transaction of its own.
 *
 * @param options `statementTimeoutMs` ends one that takes longer, which is a failure
 * @throws the errors of `withSession`; what the server says when it, and not the statement, fails; the signal's reason
 */
export async function proveSmoke(
  endpoint: PostgresEndpoint,
  statements: readonly SmokeStatement[],
  options: { readonly statementTimeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Outcome> {
  if (statements.length === 0) return notRun('no smoke SQL was given');
  const failures = await withSession(endpoint, 'golive-verify', options, async (session) => {
    const found: string[] = [];
    for (const statement of statements) {
      const wrong = await ask(session, statement.sql);
      if (wrong !== undefined) found.push(`${statement.name}: ${wrong}`);
    }
    return found;
  });
  return failures.length > 0
    ? failed(`${failures.length} of ${statements.length} failed: ${someOf(failures)}`)
    : passed(`true: ${statements.map(({ name }) => name).join(', ')}`);
}

/** @returns what is wrong; undefined when the answer is true */
async function ask(session: Client, sql: string): Promise<string | undefined> {
  await session.query('BEGIN READ ONLY');
  try {
    // By a cursor, because the SQL is somebody's, and might give a whole table; as a prepared statement, because
    // the server then takes one statement only, and nothing that ends the transaction.
    const declare = { text: `DECLARE smoke CURSOR FOR ${sql}`, queryMode: 'extended' };
    await session.query(declare);
    const { rows } = await session.query<unknown[]>({ text: 'FETCH 2 FROM smoke', rowMode: 'array' });
    const [row] = rows;
    if (!row) return 'it gave no row; it must give one whose first column is true';
    if (rows.length > 1) return 'it gave more than one row; it must give one whose first column is true';
    if (row[0] === true) return undefined;
    return row[0] === false ? 'it is false' : `its first column is no true: ${typeName(row[0])}`;
  } catch (error) {
    if (isOfTheServer(error)) throw error;
    return (error as Error).message;
  } finally {
    // A connection that broke has failed the statement already.
    await session.query('ROLLBACK').catch(() => undefined);
  }
}

/** Not the value, which may be somebody's. */
function typeName(value: unknown): string {
  return value === null ? 'NULL' : `of type ${typeof value}`;
}

/**
 * No SQLSTATE (the network), connections, resources, and interventions such as a shutdown. A statement that took too
 * long (57014) is the statement's.
 * https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
function isOfTheServer(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return !/^[0-9A-Z]{5}$/.test(code) || (/^(08|53|57|58|XX)/.test(code) && code !== '57014');
}
