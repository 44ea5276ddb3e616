import { availableParallelism, tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { sweepLeftPassfiles } from '../../postgres/libpq';
import { findServerPrograms } from '../../postgres/server-programs';
import { withSession } from '../../postgres/session';
import { sweepThrowAwayServers } from '../../postgres/throw-away-folders';
import { withThrowAwayServer, type ThrowAwayServer } from '../../postgres/throw-away-server';
import { majorOf } from '../../postgres/version';
import { freeBytes } from '../../shared/free-disk';
import { BackupNotFoundError, checkedDump, type CataloguedDump } from '../catalogue';
import { getCompanion, readFingerprint } from '../dump/companions';
import { CompanionCorruptError } from '../dump/errors';
import { DiskTooSmallError } from '../restore/errors';
import {
  putVerification,
  verifyDump,
  type RungName,
  type SmokeStatement,
  type VerifyProgress,
} from '../verify';
import { chooseDump, isNotUnderstood, type DumpChoice } from './choose-dump';
import { NoDumpToDrillError } from './errors';
import { DUMP_STAGES, verdictOfStages, type DumpPart, type DumpStageName } from './record';
import { failureOf, reasonOf, Stages, type OnProgress } from './stages';
import { makeThrowAwayDatabase } from './throw-away-database';

export interface DumpDrillRequest extends DumpChoice {
  /** The PATH on which PostgreSQL's programs are looked for first. */
  readonly path: string;
  /** Where they are looked for after that. @default - where distributions keep versions of their own */
  readonly programFolders?: readonly string[] | undefined;
  /** The team's own questions. @default none */
  readonly smokeSql?: readonly SmokeStatement[] | undefined;
  /** Connections that restore at the same time. @default - as many as this machine has cores, and 2 at least */
  readonly jobs?: number | undefined;
  /** Where the server and the archive lie meanwhile. @default - the machine's temporary folder */
  readonly temporaryFolder?: string | undefined;
  readonly now: () => Date;
  readonly scrub: (text: string) => string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress;
}

/** A part of the record, and what was measured. */
export interface DumpDrill {
  readonly part: DumpPart;
  /** Download, restore and analyze; null when one of them did not pass. */
  readonly recoverySeconds: number | null;
}

/**
 * Restores a dump into a PostgreSQL server that is made for it and thrown away, and proves it there. What the drill
 * finds out about the dump is also kept beside it, as every verification is.
 *
 * @throws BackupNotFoundError, AmbiguousBackupError, NotADumpError when no dump is called what was asked for; the
 *   signal's reason; and nothing else: what is in the way is told by the part
 */
export async function drillDump(request: DumpDrillRequest): Promise<DumpDrill> {
  const { s3, bucket, database, backup, smokeSql = [], scrub, signal, onProgress } = request;
  const optional: DumpStageName[] = smokeSql.length === 0 ? ['smoke'] : [];
  const stages = new Stages(DUMP_STAGES, { optional, scrub, onProgress });
  const found: { dump?: CataloguedDump; server?: DumpPart['server']; remarks: string[] } = { remarks: [] };
  const part = (more: Pick<DumpPart, 'verdict' | 'error'>): DumpPart => ({
    backupId: found.dump?.backupId ?? null,
    database,
    databaseBytes: found.dump?.manifest.source.sizeBytes ?? null,
    archiveBytes: found.dump?.manifest.archive.bytes ?? null,
    server: found.server ?? null,
    stages: stages.all(),
    remarks: found.remarks.map((remark) => scrub(remark)).filter(Boolean),
    ...more,
  });
  try {
    const chosen = await chooseDump(request).catch((error: unknown) => {
      if (backup !== undefined && isNotUnderstood(error)) throw new NotUnderstood(error);
      throw error;
    });
    await sweep(request, found.remarks);
    found.dump = await checkedDump(s3, bucket, chosen);
    await restoreAndProve(request, found.dump, stages, found);
    const verdict = verdictOfStages(stages.all());
    return {
      part: part({ verdict, error: stages.firstFailure() }),
      recoverySeconds: stages.secondsOf('download', 'restore', 'analyze'),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NotUnderstood) throw error.cause;
    const verdict = isAgainstTheBackup(error) ? 'failed' : 'not-run';
    return { part: part({ verdict, error: failureOf(error, scrub) }), recoverySeconds: null };
  }
}

class NotUnderstood extends Error {
  constructor(override readonly cause: unknown) {
    super();
  }
}

/** What ends the way back, and not only the drill. */
function isAgainstTheBackup(error: unknown): boolean {
  return [NoDumpToDrillError, BackupNotFoundError, CompanionCorruptError].some(
    (kind) => error instanceof kind,
  );
}

/** A leftover that cannot be removed takes room and does no other harm. */
async function sweep({ temporaryFolder }: DumpDrillRequest, remarks: string[]): Promise<void> {
  try {
    const swept = await sweepThrowAwayServers(temporaryFolder);
    await sweepLeftPassfiles();
    if (swept.length > 0) remarks.push(`a killed drill had left ${swept.join(', ')}, which was removed`);
  } catch (error) {
    remarks.push(`what an earlier drill may have left was not removed: ${reasonOf(error)}`);
  }
}

async function restoreAndProve(
  request: DumpDrillRequest,
  { manifest }: CataloguedDump,
  stages: Stages<DumpStageName>,
  found: { server?: DumpPart['server']; remarks: string[] },
): Promise<void> {
  const { s3, bucket, path, temporaryFolder = tmpdir(), smokeSql = [], signal, onProgress } = request;
  const { jobs = Math.max(2, availableParallelism()) } = request;
  const vault = { s3, bucket };
  const majors = [
    majorOf(manifest.source.serverVersionNumber),
    Number.parseInt(manifest.archive.clientVersion),
  ];
  const programs = await findServerPrograms({
    path,
    folders: request.programFolders,
    majorVersion: Math.max(...majors),
    signal,
  });
  await requireRoom(temporaryFolder, manifest.archive.bytes, manifest.source.sizeBytes);
  const fingerprint = await readFingerprint(vault, manifest, signal);
  const globals = (await getCompanion(vault, manifest.globals, signal)).toString('utf8');
  const began = performance.now();
  onProgress?.({ stage: 'server', state: 'began' });

  const climb = async ({ administrator, folder }: ThrowAwayServer): Promise<void> => {
    const { name } = fingerprint?.database ?? { name: manifest.source.database };
    const shape = fingerprint?.database;
    const made = await makeThrowAwayDatabase(administrator, { name, shape, globals }, signal);
    found.remarks.push(...made.remarks);
    found.server = { version: programs.version, durability: 'off', jobs, cores: availableParallelism() };
    const detail = `PostgreSQL ${programs.version} without durability, ${jobs} connections restore`;
    stages.keep('server', { outcome: 'passed', detail }, performance.now() - began);

    const verification = await verifyDump({
      ...vault,
      manifest,
      fingerprint,
      // pg_restore of the server's own version: a newer one may tell the server what it does not know.
      path: [programs.folder, path].join(delimiter),
      temporaryFolder: folder,
      jobs,
      smokeSql,
      signal,
      now: request.now,
      withThrowAwayDatabase: (use) => use(made.target, made.administrator),
      afterRestore: (target) => analyze(stages, target, signal),
      onProgress: (progress) => tell(progress, stages, onProgress),
    });
    await putVerification(vault, verification).catch((error: unknown) => {
      found.remarks.push(`that it was verified is not kept beside the dump: ${reasonOf(error)}`);
    });
  };
  try {
    await withThrowAwayServer({ programs, temporaryFolder, signal }, climb);
  } catch (error) {
    if (!stages.has('server')) {
      stages.keep('server', { outcome: 'not-run', detail: reasonOf(error) }, performance.now() - began);
    }
    throw error;
  }
}

/**
 * A restored database has no statistics, and nobody has recovered while every query scans whole tables. What keeps it
 * from being analyzed is kept as the stage's end.
 */
async function analyze(
  stages: Stages<DumpStageName>,
  target: PostgresEndpoint,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limits = { signal, statementTimeoutMs: 0 };
  await stages
    .time('analyze', async () => {
      await withSession(target, 'golive-drill', limits, (session) => session.query('ANALYZE'));
      return { end: { outcome: 'passed', detail: 'every table has statistics' }, value: undefined };
    })
    .catch(() => undefined);
}

const STAGE_OF: Readonly<Record<RungName, DumpStageName>> = {
  bytes: 'download',
  readable: 'readable',
  restores: 'restore',
  structure: 'structure',
  fingerprint: 'fingerprint',
  smoke: 'smoke',
};

function tell(progress: VerifyProgress, stages: Stages<DumpStageName>, onProgress: OnProgress): void {
  const stage = STAGE_OF[progress.rung];
  if (progress.state === 'ended') {
    const { status: outcome, detail, durationMs } = progress.result;
    stages.keep(stage, { outcome, detail }, durationMs);
  } else if (progress.state === 'began') {
    onProgress?.({ stage, state: 'began' });
  } else if ('doneBytes' in progress) {
    const { doneBytes: done, totalBytes: total } = progress;
    onProgress?.({ stage, state: 'running', done, total, unit: 'bytes' });
  } else {
    const { doneEntries: done, totalEntries: total } = progress;
    onProgress?.({ stage, state: 'running', done, total, unit: 'entries' });
  }
}

/** Of what is restored; indexes come out a little larger or smaller than they were. */
const GROWTH = 1.2;
/** The server's log of what it writes, and its system tables, bytes. */
const SERVER_BYTES = 1024 ** 3;

async function requireRoom(folder: string, archiveBytes: number, databaseBytes: number): Promise<void> {
  const free = await freeBytes(folder);
  const wanted = Math.ceil(archiveBytes + databaseBytes * GROWTH + SERVER_BYTES);
  if (free >= wanted) return;
  throw new DiskTooSmallError(
    `a drill of this dump takes ${wanted} bytes and ${folder} has ${free}: the archive, the database and the server's log; give the task more storage, or name another temporary folder`,
  );
}
