import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresEndpoint } from '../../core/postgres/endpoint';
import type { LocalPostgres } from '../postgres';
import type { Progress } from './steps';

const FOLDER = join(__dirname, 'sample-database');

export interface SampleDatabase {
  readonly rows: number;
  readonly tables: number;
  readonly schemas: number;
  /** `pg_database_size`, bytes. */
  readonly bytes: number;
}

export interface SampleOptions {
  readonly progress?: Progress;
  /** Of the large tables every row of so many; all other things are all there. @default 1 */
  readonly step?: number;
}

/**
 * Fills an empty database with what a web product holds, and with what makes dumps fail: see the SQL. Runs as
 * the given user, who need not be a superuser. The same content every time, save for the large objects' oids.
 */
export async function fillSampleDatabase(
  postgres: LocalPostgres,
  endpoint: PostgresEndpoint,
  { progress = () => undefined, step = 1 }: SampleOptions = {},
): Promise<SampleDatabase> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  return await postgres.query(endpoint, async (client) => {
    let rows = 0;
    await client.query("SELECT set_config('golive.sample_step', $1, false)", [String(step)]);
    for (const [index, file] of files.entries()) {
      const sql = await readFile(join(FOLDER, file), 'utf8');
      // Its first line says what it makes.
      const title = sql.slice(0, sql.indexOf('\n')).replace(/^-- /, '');
      progress(`${index + 1}/${files.length} ${title}`, { done: rows, unit: 'rows' });
      // Several statements in one message are one transaction, and give one result each.
      const results = (await client.query(sql)) as unknown as { command: string; rowCount: number | null }[];
      for (const { command, rowCount } of results) if (command === 'INSERT') rows += rowCount ?? 0;
    }
    progress('gathering statistics', { done: rows, unit: 'rows' });
    await client.query('SET default_statistics_target = 20; ANALYZE; RESET default_statistics_target');
    const { rows: found } = await client.query<{ [K in keyof SampleDatabase]: string }>(WHAT_IT_HOLDS);
    const { tables, schemas, rows: held, bytes } = found[0]!;
    return { tables: Number(tables), schemas: Number(schemas), rows: Number(held), bytes: Number(bytes) };
  });
}

/** `reltuples` is exact for a table of less than 6,000 pages, 300 for each of the target, because ANALYZE reads all of them. */
const WHAT_IT_HOLDS = `
  SELECT count(*) AS tables, count(DISTINCT relnamespace) AS schemas, sum(reltuples)::bigint AS rows,
    pg_database_size(current_database()) AS bytes
  FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
  WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'`;
