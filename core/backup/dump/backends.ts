import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';

const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * Ends what a killed pg_dump may have left on the server: a backend that waits for a lock or sorts does not see
 * that its client is gone, and goes on holding ACCESS SHARE locks that a migration waits for. A role may end
 * its own sessions.
 *
 * @param applicationName names the attempt, so that another dump of the same role is not touched
 * @returns how many there were
 */
export async function endBackends(endpoint: PostgresEndpoint, applicationName: string): Promise<number> {
  const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return withSession(endpoint, 'golive-dump-cleanup', limits, async (session) => {
    const { rowCount } = await session.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
       WHERE application_name = $1 AND usename = CURRENT_USER AND pid <> pg_catalog.pg_backend_pid()`,
      [applicationName],
    );
    return rowCount ?? 0;
  });
}
