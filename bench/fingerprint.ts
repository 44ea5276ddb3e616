/**
 * What a fingerprint costs beside a dump: `tsx bench/fingerprint.ts [rounds]`. About 1 GB, everything in one run
 * on one server, as the master user over TLS; medians of the rounds. The target is a ratio of at most 1.5.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Client } from 'pg';
import { fingerprintDatabase } from '../core/backup/fingerprint';
import { postgresClient } from '../core/postgres/endpoint';
import { withLibpqEnvironment } from '../core/postgres/libpq';
import { startPostgres, type LocalPostgres } from '../local/postgres';

/** Orders with text, numbers, times and JSON; half of events in partitions; documents beside their rows. */
const CONTENT = `
  CREATE TABLE orders AS
    SELECT g AS id, md5(g::text) AS reference, 'Order ' || g || ', packed with care. ' || repeat(md5((g * 7)::text), 3) AS note,
      now() - g * interval '1 s' AS placed_at, (g * 1.37)::numeric(12, 2) AS amount, g * 1.1::float8 AS weight,
      gen_random_uuid() AS token, jsonb_build_object('k', g, 'tags', ARRAY['a', 'b', g::text]) AS details, g % 3 = 0 AS paid
    FROM generate_series(1, 1600000) g;
  CREATE TABLE events (id bigint, at timestamptz, kind text, customer int) PARTITION BY RANGE (id);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1500000);
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1500000) TO (3000001);
  INSERT INTO events SELECT g, now() - g * interval '7 s', (ARRAY['view', 'click', 'buy'])[1 + g % 3], g % 5000
    FROM generate_series(1, 3000000) g;
  CREATE TABLE documents (id int, content bytea);
  ALTER TABLE documents ALTER content SET STORAGE EXTERNAL;
  INSERT INTO documents SELECT g, decode(string_agg(md5(g::text || part), ''), 'hex')
    FROM generate_series(1, 15000) g, generate_series(1, 500) part GROUP BY g;
  ALTER TABLE orders ADD PRIMARY KEY (id);`;

/** How a row could be hashed; the decision record quotes these. */
const CANDIDATES: Readonly<Record<string, string>> = {
  'count(*) alone': `SELECT count(*) FROM orders`,
  'text alone': `SELECT sum(length(r)) FROM (SELECT ROW(ALL_COLUMNS)::text AS r FROM orders OFFSET 0) x`,
  'text, 2 × hashtextextended (chosen)': `SELECT sum(hashtextextended(r, 1)), sum(hashtextextended(r, 2))
    FROM (SELECT ROW(ALL_COLUMNS)::text COLLATE "C" AS r FROM orders OFFSET 0) x`,
  'text, 1 × hashtextextended': `SELECT sum(hashtextextended(r, 1)) FROM (SELECT ROW(ALL_COLUMNS)::text COLLATE "C" AS r FROM orders OFFSET 0) x`,
  'text, md5': `SELECT sum(('x' || left(m, 16))::bit(64)::bigint), sum(('x' || right(m, 16))::bit(64)::bigint)
    FROM (SELECT md5(ROW(ALL_COLUMNS)::text) AS m FROM orders OFFSET 0) x`,
  'text, sha256': `SELECT sum(('x' || left(m, 16))::bit(64)::bigint), sum(('x' || substr(m, 17, 16))::bit(64)::bigint)
    FROM (SELECT encode(sha256(convert_to(ROW(ALL_COLUMNS)::text, 'UTF8')), 'hex') AS m FROM orders OFFSET 0) x`,
  'binary (record_send), 2 × hash': `SELECT sum(hash_record_extended(ROW(r), 1)), sum(hash_record_extended(ROW(r), 2))
    FROM (SELECT record_send(ROW(ALL_COLUMNS)) AS r FROM orders OFFSET 0) x`,
};
const ALL_COLUMNS = 'id, reference, note, placed_at, amount, weight, token, details, paid';

/** No colours: the output is pasted into records. */
const PLAIN = { head: [], border: [] };

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const folder = await mkdtemp(join(tmpdir(), 'golive-bench-fingerprint-'));
  const postgres = await startPostgres({ settings: { shared_buffers: '256MB', max_wal_size: '4GB' } });
  try {
    console.log(
      `PostgreSQL ${postgres.version}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
    );
    const client = await postgresClient(postgres.master, 'bench');
    await client.connect();
    await client.query(CONTENT);
    await client.query('VACUUM ANALYZE');
    const { rows } = await client.query<{ bytes: string }>(
      'SELECT pg_database_size(current_database()) AS bytes',
    );
    const gigabytes = Number(rows[0]!.bytes) / 1e9;
    console.log(`database ${gigabytes.toFixed(2)} GB; seconds of ${rounds} rounds, median last`);
    await compareWithDump(postgres, client, join(folder, 'archive'), rounds, gigabytes);
    await compareCandidates(client, rounds);
    await client.end();
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareWithDump(
  postgres: LocalPostgres,
  client: Client,
  archive: string,
  rounds: number,
  gigabytes: number,
): Promise<void> {
  const endpoint = postgres.master;
  const names = [
    'dump',
    'fingerprint, 1 connection',
    'fingerprint, 2 connections',
    'dump beside a fingerprint',
  ] as const;
  const seconds = new Map<string, number[]>(names.map((name) => [name, []]));
  const beside: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const timed = async (name: (typeof names)[number], work: () => Promise<unknown>): Promise<void> => {
      seconds.get(name)!.push(await secondsOf(work));
    };
    await timed(names[0], () => dump(postgres, archive));
    await timed(names[1], () => fingerprintDatabase({ endpoint, concurrency: 1 }));
    await timed(names[2], () => fingerprintDatabase({ endpoint }));
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    const snapshotId = rows[0]!.id;
    await timed(names[3], () =>
      Promise.all([
        dump(postgres, archive, snapshotId),
        secondsOf(() => fingerprintDatabase({ endpoint, snapshotId })).then((one) => beside.push(one)),
      ]),
    );
    await client.query('COMMIT');
  }
  const median = (name: string): number => medianOf(seconds.get(name)!);
  const table = new Table({
    style: PLAIN,
    head: ['', ...Array.from({ length: rounds }, (_, at) => `${at + 1}`), 's', 's/GB', '× dump'],
  });
  for (const [name, all] of [...seconds, ['  of which the fingerprint took', beside] as const]) {
    const middle = medianOf(all);
    const figures = [middle, middle / gigabytes, middle / median('dump')].map((figure) => figure.toFixed(2));
    table.push([name, ...all.map((one) => one.toFixed(2)), ...figures]);
  }
  console.log(table.toString());
  const { size } = await stat(archive);
  const ratio = median(names[3]) / median(names[0]);
  console.log(
    `archive ${(size / 1e9).toFixed(2)} GB; dump with fingerprint / dump = ${ratio.toFixed(2)} (at most 1.5)`,
  );
}

async function compareCandidates(client: Client, rounds: number): Promise<void> {
  await client.query('SET max_parallel_workers_per_gather = 0; SET jit = off');
  const table = new Table({ style: PLAIN, head: ['1.6 million orders', 'median s'] });
  for (const [name, sql] of Object.entries(CANDIDATES)) {
    const all: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      all.push(await secondsOf(() => client.query(sql.replaceAll('ALL_COLUMNS', ALL_COLUMNS))));
    }
    table.push([name, medianOf(all).toFixed(2)]);
  }
  console.log(table.toString());
}

async function dump(postgres: LocalPostgres, file: string, snapshotId?: string): Promise<void> {
  // Before PostgreSQL 16 pg_dump knows no other codec and takes the level alone.
  const compression = Number.parseInt(postgres.version, 10) >= 16 ? 'gzip:1' : '1';
  const args = ['--format=custom', `--compress=${compression}`, `--file=${file}`];
  if (snapshotId !== undefined) args.push(`--snapshot=${snapshotId}`);
  await withLibpqEnvironment(postgres.master, 'bench', async (env) => {
    const child = spawn(join(postgres.binFolder, 'pg_dump'), args, { env, stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`pg_dump ended with ${code}`);
  });
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
