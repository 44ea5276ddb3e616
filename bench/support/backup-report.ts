import Table from 'cli-table3';
import type { DumpMeasured } from './dump-child';
import type { RestoreMeasured } from './restore-child';

const MiB = 1024 ** 2;
const GB = 1e9;
/** Connections that dump or restore at the same time. */
export const JOBS = 2;

/** As `npm run bench:dump` asks of the stream. */
const MAX_STREAM_RATIO = 1.1;
const MIN_JOBS_SPEEDUP = 1.5;
/** Of fetching the archive, and of its hash, which pg_restore from a local file does not do. */
const MAX_RESTORE_RATIO = 1.25;
/** As `npm run bench:fingerprint` asks: a dump with a fingerprint takes 1.5 times as long at the most. */
const MAX_FINGERPRINT_SHARE = 1 / 3;
const MAX_PEAK_BYTES = 200 * MiB;
/** The recovery time that the platform promises, seconds. */
const RECOVERY_SECONDS = 30 * 60;

/** What one turn measured; what is not an object of its own is in seconds. */
export interface Turn {
  /** With pg_dump's own choice of compression. */
  readonly plainDumpAsItComes: number;
  /** Compressed as our dumps are. */
  readonly plainDump: number;
  readonly plainProcessorSeconds: number;
  readonly stream: DumpMeasured;
  readonly jobs: DumpMeasured;
  readonly streamWithFingerprint: DumpMeasured;
  readonly jobsWithFingerprint: DumpMeasured;
  readonly plainRestore: number;
  readonly restoreStream: RestoreMeasured;
  readonly restoreJobs: RestoreMeasured;
}

/**
 * Prints what was measured, and each criterion.
 *
 * @returns whether every criterion is held
 */
export function report(turns: readonly Turn[], runs: number): boolean {
  const quickest = (seconds: (turn: Turn) => number) => Math.min(...turns.map(seconds));
  const most = (bytes: (turn: Turn) => number) => Math.max(...turns.map(bytes));
  const { databaseBytes, archiveBytes, compression } = turns[0]!.stream;
  const gigabytes = databaseBytes / GB;

  const [plainDump, plainRestore] = [
    quickest((turn) => turn.plainDump),
    quickest((turn) => turn.plainRestore),
  ];
  const rows: [
    name: string,
    seconds: (turn: Turn) => number,
    against: number | undefined,
    peak?: (turn: Turn) => number,
  ][] = [
    ['pg_dump -Fc into a file', (turn) => turn.plainDumpAsItComes, plainDump],
    ['the same, compressed as ours', (turn) => turn.plainDump, undefined],
    ['dump in one stream', (turn) => turn.stream.seconds, plainDump, (turn) => turn.stream.peakBytes],
    [`dump by ${JOBS} jobs`, (turn) => turn.jobs.seconds, plainDump, (turn) => turn.jobs.peakBytes],
    [
      'one stream, fingerprint',
      (turn) => turn.streamWithFingerprint.seconds,
      plainDump,
      (turn) => turn.streamWithFingerprint.peakBytes,
    ],
    [
      `${JOBS} jobs, fingerprint`,
      (turn) => turn.jobsWithFingerprint.seconds,
      plainDump,
      (turn) => turn.jobsWithFingerprint.peakBytes,
    ],
    [`pg_restore -j${JOBS} from a file`, (turn) => turn.plainRestore, undefined],
    [
      'restore of one stream',
      (turn) => turn.restoreStream.seconds,
      plainRestore,
      (turn) => turn.restoreStream.peakBytes,
    ],
    [
      'restore of the jobs’ files',
      (turn) => turn.restoreJobs.seconds,
      plainRestore,
      (turn) => turn.restoreJobs.peakBytes,
    ],
  ];
  // No colours: the output is pasted into records.
  const table = new Table({
    style: { head: [], border: [] },
    head: [
      '',
      ...Array.from({ length: runs }, (_, at) => `${at + 1}`),
      'quickest s',
      's/GB',
      '× plain',
      'our peak MiB',
    ],
  });
  for (const [name, seconds, against, peak] of rows) {
    const best = quickest(seconds);
    table.push([
      name,
      ...turns.map((turn) => seconds(turn).toFixed(2)),
      best.toFixed(2),
      (best / gigabytes).toFixed(2),
      against === undefined ? '' : (best / against).toFixed(2),
      peak ? (most(peak) / MiB).toFixed(0) : '',
    ]);
  }
  console.log(table.toString());
  console.log(
    `database ${gigabytes.toFixed(2)} GB, archive ${(archiveBytes / GB).toFixed(2)} GB (${compression})`,
  );

  const stream = quickest((turn) => turn.stream.seconds);
  const share = 1 - stream / quickest((turn) => turn.streamWithFingerprint.seconds);
  const recovery =
    quickest((turn) => turn.restoreStream.seconds + turn.restoreStream.proofSeconds) / gigabytes;
  const fetching = quickest((turn) => turn.restoreStream.downloadSeconds);
  console.log(
    `recovery: ${recovery.toFixed(1)} s/GB, of which ${(fetching / gigabytes).toFixed(1)} to fetch and ${(quickest((turn) => turn.restoreStream.proofSeconds) / gigabytes).toFixed(1)} to prove; ${RECOVERY_SECONDS / 60} minutes are ${(RECOVERY_SECONDS / recovery).toFixed(0)} GB on this machine`,
  );
  // A pg_dump of one job keeps one processor busy; two jobs and our process share two.
  const plainProcessor = quickest((turn) => turn.plainProcessorSeconds);
  const jobsProcessor = quickest(({ jobs }) => jobs.pgDumpProcessorSeconds + jobs.processorSeconds) / JOBS;
  console.log(
    `processors: pg_dump -Fc ${plainProcessor.toFixed(2)} s; by ${JOBS} jobs ${quickest(({ jobs }) => jobs.pgDumpProcessorSeconds).toFixed(2)} s and ${quickest(({ jobs }) => jobs.processorSeconds).toFixed(2)} s of ours`,
  );
  const jobs = quickest((turn) => turn.jobs.seconds);
  console.log(
    `not judged: pg_dump -Fc, compressed as ours / dump by ${JOBS} jobs: ${(plainDump / jobs).toFixed(2)}, with the server on the same processors`,
  );
  const held = [
    atMost('dump in one stream / pg_dump -Fc, compressed as ours', stream / plainDump, MAX_STREAM_RATIO),
    atLeast(
      `pg_dump -Fc / dump by ${JOBS} jobs`,
      quickest((turn) => turn.plainDumpAsItComes) / jobs,
      MIN_JOBS_SPEEDUP,
    ),
    atLeast(
      'compressed as ours, by the processors of the runner alone',
      plainProcessor / jobsProcessor,
      MIN_JOBS_SPEEDUP,
    ),
    atMost(
      'restore of one stream / pg_restore',
      quickest((turn) => turn.restoreStream.seconds) / plainRestore,
      MAX_RESTORE_RATIO,
    ),
    atMost(
      'restore of the jobs’ files / pg_restore',
      quickest((turn) => turn.restoreJobs.seconds) / plainRestore,
      MAX_RESTORE_RATIO,
    ),
    atMost('the fingerprint’s share of the dump', share, MAX_FINGERPRINT_SHARE),
    atMost(
      'peak memory of ours, MiB',
      Math.max(...rows.map(([, , , peak]) => (peak ? most(peak) : 0))) / MiB,
      MAX_PEAK_BYTES / MiB,
    ),
  ];
  return held.every(Boolean);
}

const atMost = (what: string, figure: number, limit: number) =>
  judge(what, figure, `at most ${limit.toFixed(2)}`, figure <= limit);
const atLeast = (what: string, figure: number, limit: number) =>
  judge(what, figure, `at least ${limit.toFixed(2)}`, figure >= limit);

function judge(what: string, figure: number, allowed: string, isHeld: boolean): boolean {
  console.log(`${isHeld ? 'held    ' : 'NOT HELD'}  ${what}: ${figure.toFixed(2)} (${allowed})`);
  return isHeld;
}
