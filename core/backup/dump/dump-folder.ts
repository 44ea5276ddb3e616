import { access, constants, realpath, stat } from 'node:fs/promises';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { freeBytes } from '../../shared/free-disk';
import { saidBy } from '../../shared/errors';
import { sweepLeftFolders, withOwnFolder } from '../../shared/own-folder';
import { DumpFolderTooSmallError, DumpFolderUnusableError } from './errors';

/** The start of the temporary folders' names; the id of the process that made the folder follows. */
export const DUMP_FOLDER_PREFIX = 'golive-dump-';

const STATEMENT_TIMEOUT_MS = 60_000;

/** What the folder must keep free besides, bytes: for small files that wait, and for others on the same disk. */
const SPARE_BYTES = 256 * 1024 * 1024;

/**
 * Text packs to a third of its size, seldom to less than a quarter. An estimate of what is needed at the least: a
 * dump that cannot succeed is refused, and one that may is tried.
 */
const PACKED_TO = 1 / 4;

/**
 * Lends a folder in the given one for pg_dump's files, which are everybody's data: only we may read it, and it is
 * gone afterwards.
 *
 * @param use gets its path without links
 * @throws DumpFolderUnusableError, or what `use` throws
 */
export async function withDumpFolder<T>(parent: string, use: (folder: string) => Promise<T>): Promise<T> {
  return await withOwnFolder({ parent: await usable(parent), prefix: DUMP_FOLDER_PREFIX }, use);
}

/**
 * Removes what runs that were killed have left there.
 *
 * @returns how many there were
 * @throws DumpFolderUnusableError
 */
export async function sweepDumpFolders(parent: string): Promise<number> {
  return await sweepLeftFolders({ parent: await usable(parent), prefix: DUMP_FOLDER_PREFIX });
}

/**
 * Refuses a folder that cannot hold what a parallel dump has on disk at one time: the files that are being written,
 * one for each job. A file that is done leaves for the vault.
 *
 * @throws DumpFolderTooSmallError, the errors of `withSession`
 */
export async function requireRoom(
  folder: string,
  jobs: number,
  endpoint: PostgresEndpoint,
  applicationName: string,
  signal: AbortSignal,
): Promise<void> {
  const free = await freeBytes(folder);
  const tables = await largestTablesBytes(endpoint, jobs, applicationName, signal);
  const needed = Math.ceil(tables * PACKED_TO) + SPARE_BYTES;
  if (free >= needed) return;
  throw new DumpFolderTooSmallError(
    `${folder} has ${free} bytes free, and a dump with ${jobs} jobs needs ${needed} at the least, for the ${jobs} largest tables have ${tables}; give it a larger disk, or dump with fewer jobs`,
  );
}

/** As the last VACUUM or ANALYZE knew them: asking for sizes would wait for locks. */
async function largestTablesBytes(
  endpoint: PostgresEndpoint,
  count: number,
  applicationName: string,
  signal: AbortSignal,
): Promise<number> {
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return await withSession(endpoint, applicationName, limits, async (session) => {
    const { rows } = await session.query<{ bytes: string }>(
      `SELECT coalesce(pg_catalog.sum(bytes), 0)::text AS bytes FROM (
         SELECT (greatest(c.relpages, 0)::bigint + coalesce(greatest(t.relpages, 0), 0))
           * pg_catalog.current_setting('block_size')::bigint AS bytes
         FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
         WHERE c.relkind = 'r' AND c.relpersistence <> 't' ORDER BY 1 DESC LIMIT $1) AS largest`,
      [count],
    );
    return Number(rows[0]!.bytes);
  });
}

async function usable(parent: string): Promise<string> {
  try {
    // Processes are asked which files they have open, and answer without links.
    const path = await realpath(parent);
    if (!(await stat(path)).isDirectory()) throw new Error('it is no folder');
    await access(path, constants.W_OK);
    return path;
  } catch (error) {
    throw new DumpFolderUnusableError(
      `the dump cannot be written to ${parent}: ${saidBy(error)}; name a folder that is there, on a disk with room`,
      { cause: error },
    );
  }
}
