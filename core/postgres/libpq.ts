import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresEndpoint } from './endpoint';

/**
 * Lends a libpq program (pg_dump, pg_restore, psql) what it needs to connect: an environment for the
 * child with everything but the password, which lies in a file of mode 0600 that is gone afterwards.
 * A password in argv or in the environment would be readable in /proc by others of the same user and
 * end up in crash reports.
 * https://www.postgresql.org/docs/17/libpq-pgpass.html
 */
export async function withLibpqEnvironment<T>(
  endpoint: PostgresEndpoint,
  applicationName: string,
  use: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), PASSFILE_FOLDER_PREFIX));
  try {
    const passfile = join(folder, 'pgpass');
    const line = [endpoint.host, endpoint.port, '*', endpoint.user, endpoint.password]
      .map(escapeField)
      .join(':');
    await writeFile(passfile, `${line}\n`, { mode: 0o600 });
    return await use({
      PGHOST: endpoint.host,
      PGPORT: String(endpoint.port),
      PGDATABASE: endpoint.database,
      PGUSER: endpoint.user,
      PGPASSFILE: passfile,
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: endpoint.caFile,
      PGAPPNAME: applicationName,
      PGCONNECT_TIMEOUT: '10',
      PGCLIENTENCODING: 'UTF8',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The start of the temporary folders' names, so that a warm start can sweep what a killed one left. */
export const PASSFILE_FOLDER_PREFIX = 'golive-pgpass-';

function escapeField(field: string | number): string {
  return String(field).replace(/[\\:]/g, '\\$&');
}
