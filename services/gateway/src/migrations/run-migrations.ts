import { basename, join } from 'node:path';
import type { ClientBase } from 'pg';
import type Postgrator from 'postgrator';
import { actAsOwner } from '../../../../core/secrets/bootstrap/act-as-owner';
import { saidBy } from '../../../../core/shared/errors';
import { MigrationChangedError, MigrationFailedError } from './errors';
import { dropInvalidIndexes } from './invalid-indexes';
import { withMigrationLock } from './migration-lock';
import { runsAlone } from './directives';

export interface RunMigrations {
  /** A session of a login that may act as the owner. It must not be used for anything else afterwards. */
  readonly client: ClientBase;
  /** Where the files are. */
  readonly folder: string;
  readonly owner: string;
  readonly log: { info(details: object, message: string): void };
  /** For the lock, milliseconds. @default 600000 */
  readonly waitMs?: number;
  /** For the lock of a table, milliseconds. @default 5000 */
  readonly lockTimeoutMs?: number;
}

export interface MigrationsReport {
  readonly from: number;
  readonly to: number;
  /** The names of the files that were carried out. */
  readonly files: readonly string[];
}

/** Where postgrator writes down what was carried out; the schema is the product's. */
const TABLE = 'golive.migrations';
/**
 * A migration that waits for a table's lock makes everybody else wait behind it, so it gives up soon; and one that runs
 * for long belongs into several.
 */
const LOCK_TIMEOUT_MS = 5_000;
const SETTINGS = `SET statement_timeout = '10min'; SET idle_in_transaction_session_timeout = '1min'`;

/**
 * Brings the database to the newest form that the folder knows, file by file, as the owner of its objects. Each file is
 * one transaction, its record with it. Several may run this at once: one does the work, and the others find it done.
 * A database that is further than the folder is left as it is: an older version may run beside a newer one.
 *
 * @throws MigrationFailedError, MigrationChangedError, MigrationLockedError
 */
export async function runMigrations(options: RunMigrations): Promise<MigrationsReport> {
  const { client, folder, owner, log, waitMs, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  await client.query(`${actAsOwner(owner)}; ${SETTINGS}; SET lock_timeout = ${lockTimeoutMs}`);
  return await withMigrationLock(client, () => migrateLocked(client, folder, log), waitMs);
}

async function migrateLocked(
  client: ClientBase,
  folder: string,
  log: RunMigrations['log'],
): Promise<MigrationsReport> {
  const postgrator = await openPostgrator(client, folder);
  const newest = await postgrator.getMaxVersion();
  // Makes its table where there is none, and compares the files that were carried out with what they were then.
  const from = await inTransaction(client, async () => {
    const version = await postgrator.getDatabaseVersion();
    await postgrator.migrate(String(version)).catch((error: unknown) => {
      throw explainCheck(error);
    });
    return version;
  });
  const files: string[] = [];
  for (const migration of from < newest ? postgrator.getRunnableMigrations(from, newest) : []) {
    const file = basename(migration.filename);
    await runFile(client, postgrator, migration, file);
    log.info({ file, version: migration.version }, 'migrated');
    files.push(file);
  }
  return { from, to: Math.max(from, newest), files };
}

async function openPostgrator(client: ClientBase, folder: string): Promise<Postgrator> {
  // Published as an ES module only.
  const { default: Migrator } = await import('postgrator');
  return new Migrator({
    driver: 'pg',
    migrationPattern: join(folder, '*.sql'),
    schemaTable: TABLE,
    newline: 'LF',
    execQuery: (sql) => client.query(sql),
    execSqlScript: async (sql) => void (await client.query(sql)),
  });
}

async function runFile(
  client: ClientBase,
  postgrator: Postgrator,
  migration: Postgrator.Migration,
  file: string,
): Promise<void> {
  const run = () => postgrator.runMigrations([migration]);
  try {
    if (!runsAlone(migration.getSql())) return void (await inTransaction(client, run));
    // What an earlier attempt left would count as there.
    await dropInvalidIndexes(client);
    await run();
  } catch (error) {
    await dropInvalidIndexes(client).catch(() => undefined);
    throw explainFailure(error, file);
  }
}

async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back by itself, and its error is the one to tell.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function explainFailure(error: unknown, file: string): MigrationFailedError {
  const { code, position, detail, hint } = error as {
    code?: string;
    position?: string;
    detail?: string;
    hint?: string;
  };
  const more = [detail, hint]
    .filter(Boolean)
    .map((text) => `; ${text}`)
    .join('');
  const at = position === undefined ? '' : ` at character ${position}`;
  const because = code === '55P03' ? ' (somebody holds a lock that it needs: see pg_stat_activity)' : '';
  return new MigrationFailedError(
    `${file} failed${at}: ${code === undefined ? '' : `SQLSTATE ${code}: `}${saidBy(error)}${more}${because}; nothing of it stayed: correct the file, or what it met, and deploy again`,
    file,
    code,
    { cause: error },
  );
}

function explainCheck(error: unknown): unknown {
  const [, version] = /MD5 checksum failed for migration \[(\d+)\]/.exec((error as Error).message) ?? [];
  if (version === undefined) return error;
  return new MigrationChangedError(
    `migration ${version} is not what it was when it was carried out; take the change back, and make it in a file of its own`,
    { cause: error },
  );
}
