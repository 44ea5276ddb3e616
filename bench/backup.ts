import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Manifest } from '../core/backup/manifest';
import type { PostgresEndpoint } from '../core/postgres/endpoint';
import { withLibpqEnvironment } from '../core/postgres/libpq';
import { startPostgres, type LocalPostgres } from '../local/postgres';
import { childrenProcessorSeconds, secondsOf } from './support/answer-job';
import { JOBS, report, type Turn } from './support/backup-report';
import { CONTENT, ROW_BYTES } from './support/content';
import type { DumpJob, DumpMeasured } from './support/dump-child';
import { startLoopbackS3, type LoopbackS3 } from './support/loopback-s3';
import { bundleChild, inChild } from './support/measured-child';
import type { RestoreJob, RestoreMeasured } from './support/restore-child';

/**
 * Measures a backup from end to end against PostgreSQL's own programs: dumps in one stream and by two jobs, with and
 * without a fingerprint, and restores. From one run, on one server, in turns; of each the quickest turn counts, which
 * other work on the machine disturbed least, and only ratios are judged. Plain HTTP to an S3 on this machine, which
 * takes processors that S3 would not, and so does the server that is dumped: with both on two processors, two jobs
 * have less than two for themselves. So the speed-up is judged twice, by the clock, and by the processors that a
 * runner's own programs took: what the clock would say where the server is elsewhere and keeps up, as on RDS. And
 * `pg_dump -Fc` runs twice, as it comes, and compressing as we do, which is what one stream is judged by.
 *
 *     npm run bench:backup -- [--gigabytes 1] [--tables 6] [--runs 3]
 */
const run = promisify(execFile);
const GB = 1e9;
const INDEX_ROW_BYTES = 22;

interface Bench {
  readonly postgres: LocalPostgres;
  /** Throws the bytes away, for writing them would take processors that S3 does not share with us. */
  readonly s3: LoopbackS3;
  /** Keeps them, for restores. */
  readonly vault: LoopbackS3;
  readonly folder: string;
  readonly dumpChild: string;
  readonly restoreChild: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gigabytes: { type: 'string', default: '1' },
      tables: { type: 'string', default: '6' },
      runs: { type: 'string', default: '3' },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'golive-bench-backup-'));
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } });
    stops.unshift(() => postgres.stop());
    const s3 = await startLoopbackS3({ trustChecksums: true });
    stops.unshift(() => s3.stop());
    const keepIn = join(folder, 'vault');
    await mkdir(keepIn);
    const vault = await startLoopbackS3({ trustChecksums: true, keepIn });
    stops.unshift(() => vault.stop());
    const source = await fill(postgres, Number(values.gigabytes), Number(values.tables));
    const bench: Bench = {
      postgres,
      s3,
      vault,
      folder,
      dumpChild: await bundleChild('dump-child.ts', folder),
      restoreChild: await bundleChild('restore-child.ts', folder),
    };
    console.log(
      `PostgreSQL ${postgres.version}, ${availableParallelism()} processors, load ${loadavg()
        .map((load) => load.toFixed(1))
        .join(' ')}; ${values.tables} tables`,
    );
    const taken = await measureInTurns(bench, source, Number(values.runs));
    process.exitCode = report(taken, Number(values.runs)) ? 0 : 1;
  } finally {
    for (const stop of stops) await stop();
  }
}

/** Tables of one size, so that two jobs have the same to do, with an index each, so that a restore has to build it. */
async function fill(postgres: LocalPostgres, gigabytes: number, tables: number): Promise<PostgresEndpoint> {
  const endpoint = await postgres.createDatabase('source');
  const rows = Math.round((gigabytes * GB) / tables / (ROW_BYTES + INDEX_ROW_BYTES));
  await postgres.query(endpoint, async (client) => {
    for (let table = 1; table <= tables; table += 1) {
      const first = table * 1e8;
      await client.query(
        `CREATE TABLE orders_${table} AS ${CONTENT.text} FROM generate_series(${first}, ${first + rows - 1}) AS i;
         ALTER TABLE orders_${table} ADD PRIMARY KEY (id)`,
      );
    }
  });
  await postgres.query(endpoint, (client) => client.query('VACUUM ANALYZE'));
  return endpoint;
}

async function measureInTurns(bench: Bench, source: PostgresEndpoint, runs: number): Promise<Turn[]> {
  const turns: Turn[] = [];
  const inFolder = { format: 'directory', jobs: JOBS, folder: bench.folder } as const;
  const toRestore = {
    stream: (await dump(bench, source, {}, bench.vault)).manifest,
    jobs: (await dump(bench, source, { archive: inFolder }, bench.vault)).manifest,
  };
  for (let turn = 0; turn <= runs; turn += 1) {
    const file = join(bench.folder, 'plain.pgdump');
    const stream = await dump(bench, source, {});
    const plainDumpAsItComes = await secondsOf(() => plain(bench, source, 'pg_dump', plainDumpArgs(file)));
    const before = childrenProcessorSeconds();
    const plainDump = await secondsOf(() =>
      plain(bench, source, 'pg_dump', [...plainDumpArgs(file), compressedAs(stream)]),
    );
    const plainProcessorSeconds = childrenProcessorSeconds() - before;
    const jobs = await dump(bench, source, { archive: inFolder });
    const streamWithFingerprint = await dump(bench, source, { withFingerprint: true });
    const jobsWithFingerprint = await dump(bench, source, { archive: inFolder, withFingerprint: true });
    const restoreStream = await restore(bench, toRestore.stream);
    const plainRestore = await intoNewDatabase(bench, (target) =>
      secondsOf(() =>
        plain(bench, target, 'pg_restore', [
          '--exit-on-error',
          `--jobs=${JOBS}`,
          `--dbname=${target.database}`,
          file,
        ]),
      ),
    );
    const restoreJobs = await restore(bench, toRestore.jobs);
    await rm(file);
    console.log(
      `turn ${turn}${turn === 0 ? ', which only warms the caches' : ''}: done, load ${loadavg()[0]!.toFixed(1)}`,
    );
    if (turn === 0) continue;
    turns.push({
      plainDumpAsItComes,
      plainDump,
      plainProcessorSeconds,
      stream,
      jobs,
      streamWithFingerprint,
      jobsWithFingerprint,
      plainRestore,
      restoreStream,
      restoreJobs,
    });
  }
  return turns;
}

let scheduled = Date.parse('2026-01-01T00:00:00Z');

function dump(
  bench: Bench,
  endpoint: PostgresEndpoint,
  how: Pick<DumpJob, 'archive' | 'withFingerprint'>,
  s3 = bench.s3,
): Promise<DumpMeasured> {
  scheduled += 1_000;
  const job: DumpJob = {
    endpoint,
    s3Endpoint: s3.endpoint,
    path: bench.postgres.binFolder,
    scheduledFor: new Date(scheduled).toISOString(),
    ...how,
  };
  return inChild<DumpMeasured>(bench.dumpChild, job);
}

function restore(bench: Bench, manifest: Manifest): Promise<RestoreMeasured> {
  return intoNewDatabase(bench, (target) => {
    const job: RestoreJob = {
      s3Endpoint: bench.vault.endpoint,
      manifest,
      target,
      path: bench.postgres.binFolder,
      jobs: JOBS,
    };
    return inChild<RestoreMeasured>(bench.restoreChild, job);
  });
}

async function intoNewDatabase<T>(
  { postgres }: Bench,
  use: (target: PostgresEndpoint) => Promise<T>,
): Promise<T> {
  const target = await postgres.createDatabase('restored');
  try {
    return await use(target);
  } finally {
    await postgres.query(postgres.superuser, (client) => client.query('DROP DATABASE restored WITH (FORCE)'));
    // What one restore wrote should not be written out while the next is measured.
    await postgres.query(postgres.superuser, (client) => client.query('CHECKPOINT'));
  }
}

/** As a person would do it. */
async function plain(
  { postgres }: Bench,
  endpoint: PostgresEndpoint,
  program: string,
  args: readonly string[],
): Promise<void> {
  await withLibpqEnvironment(endpoint, 'bench', (env) =>
    run(join(postgres.binFolder, program), ['--no-password', ...args], { env }),
  );
}

function plainDumpArgs(file: string): string[] {
  return ['--format=custom', `--file=${file}`];
}

/** As ours is: pg_dump would choose gzip's level 6. */
function compressedAs({ compression }: DumpMeasured): string {
  return `--compress=${compression.startsWith('gzip') ? compression.replace('gzip:', '') : compression}`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
