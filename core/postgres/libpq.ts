import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresEndpoint } from './endpoint';

/** The start of the temporary folders' names; the id of the process that made the folder follows. */
export const PASSFILE_FOLDER_PREFIX = 'golive-pgpass-';

/** The folders of this process that are in use. */
const inUse = new Set<string>();

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
  const folder = await mkdtemp(join(tmpdir(), `${PASSFILE_FOLDER_PREFIX}${process.pid}-`));
  inUse.add(folder);
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
    inUse.delete(folder);
  }
}

/**
 * Removes the password files of runs that were killed before they could, as Lambda does at its time-out: the
 * next run finds the same /tmp. A folder is a leftover when its process is gone, or is this one and does not
 * use it.
 *
 * @returns how many were removed
 */
export async function sweepLeftPassfiles(): Promise<number> {
  const folders = (await readdir(tmpdir()))
    .filter((name) => name.startsWith(PASSFILE_FOLDER_PREFIX))
    .map((name) => ({
      path: join(tmpdir(), name),
      pid: Number.parseInt(name.slice(PASSFILE_FOLDER_PREFIX.length), 10),
    }))
    .filter(({ path, pid }) => (pid === process.pid ? !inUse.has(path) : !isAlive(pid)));
  await Promise.all(folders.map(({ path }) => rm(path, { recursive: true, force: true })));
  return folders.length;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function escapeField(field: string | number): string {
  return String(field).replace(/[\\:]/g, '\\$&');
}
