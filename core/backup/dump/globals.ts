import { withLibpqEnvironment } from '../../postgres/libpq';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { outputOf } from '../../postgres/program';
import { PgDumpFailedError } from './pg-dump-failure';

const PG_DUMPALL = 'pg_dumpall';

/**
 * What belongs to the server and not to the database: roles, memberships and their settings, as SQL. Without
 * passwords, which RDS shows nobody: secrets are kept elsewhere and rotate.
 *
 * @throws ProgramNotFoundError, PgDumpFailedError, the signal's reason
 */
export async function dumpGlobals(
  endpoint: PostgresEndpoint,
  applicationName: string,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Buffer> {
  const end = await withLibpqEnvironment(endpoint, applicationName, (libpq) =>
    outputOf({
      name: PG_DUMPALL,
      args: [
        '--globals-only',
        '--no-role-passwords',
        '--no-password',
        // Otherwise it looks for a database named postgres, in which the role may have no business.
        `--database=${endpoint.database}`,
      ],
      environment: { PATH: path, LANG: 'C', LC_ALL: 'C', ...libpq },
      secrets: [endpoint.password],
      signal,
    }),
  );
  if (end.exitCode !== 0) throw new PgDumpFailedError(end, PG_DUMPALL);
  return Buffer.from(end.stdout);
}
