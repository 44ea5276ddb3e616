import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepLeftFolders, withOwnFolder } from '../shared/own-folder';
import { inTemporaryFolder } from '../shared/temporary-folder';
import type { PostgresEndpoint } from './endpoint';

/** The start of the temporary folders' names; the id of the process that made the folder follows. */
export const PASSFILE_FOLDER_PREFIX = 'golive-pgpass-';

const passfileFolders = () => ({ parent: tmpdir(), prefix: PASSFILE_FOLDER_PREFIX });

/**
 * Lends a libpq program (pg_dump, pg_restore, psql) what it needs to connect: an environment for the
 * child with everything but the password, which lies in a file of mode 0600 that is gone afterwards.
 * A password in argv or in the environment would be readable in /proc by others of the same user and
 * end up in crash reports.
 * https://www.postgresql.org/docs/17/libpq-pgpass.html
 *
 * @throws TemporaryFolderError, or what `use` throws
 */
export async function withLibpqEnvironment<T>(
  endpoint: PostgresEndpoint,
  applicationName: string,
  use: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  return await withOwnFolder(passfileFolders(), async (folder) => {
    const passfile = join(folder, 'pgpass');
    const line = [endpoint.host, endpoint.port, '*', endpoint.user, endpoint.password]
      .map(escapeField)
      .join(':');
    await inTemporaryFolder('the password file for PostgreSQL’s programs could not be written', () =>
      writeFile(passfile, `${line}\n`, { mode: 0o600 }),
    );
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
  });
}

/**
 * Removes the password files of runs that were killed before they could, as Lambda does at its time-out: the
 * next run finds the same /tmp.
 *
 * @returns how many were removed
 * @throws TemporaryFolderError
 */
export async function sweepLeftPassfiles(): Promise<number> {
  return await sweepLeftFolders(passfileFolders());
}

function escapeField(field: string | number): string {
  return String(field).replace(/[\\:]/g, '\\$&');
}
