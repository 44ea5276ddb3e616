import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import {
  listBackups,
  listDumps,
  listUnfinishedUploads,
  type CataloguedDump,
} from '../../../core/backup/catalogue';
import { backupIdAt } from '../../../core/backup/vault-layout';
import { verifyDump } from '../../../core/backup/verify';
import { until } from '../../support/processes';
import { BUCKET } from './dump-support';
import type { Ending, FaultMatrix, Runner, Spoiling } from './fault-matrix-support';

/** One row of the matrix. */
export interface FaultRow {
  readonly name: string;
  readonly through: Runner;
  readonly spoil: (matrix: FaultMatrix) => Spoiling;
  /** How the dump fails. What differs from run to run is written as PORT, INSTANT, ATTEMPT and FOLDER. */
  readonly code: string;
  readonly message: string | RegExp;
  /** Ends the fault, when it does not end by itself. */
  readonly mend?: (matrix: FaultMatrix) => Promise<unknown>;
}

/** Something that a dump survives. */
export type SurvivedRow = Pick<FaultRow, 'name' | 'through' | 'spoil' | 'mend'>;

export const DEADLINE_REACHED = {
  code: 'DeadlineReachedError',
  message:
    "the dump was not done 60 s before its runner ends at INSTANT, and was given up with nothing left behind; give the function its full 15 minutes and more memory (which brings CPU), or take this database's dumps with the Fargate runner",
};

const TABLES = 20;

/** The dump fails as the row says, leaves nothing, and the same backup can be made when the fault is gone. */
export async function expectFailure(matrix: FaultMatrix, row: FaultRow): Promise<void> {
  const before = idsOf(await expectGoodDumps(matrix));
  const at = matrix.nextInstant();
  const { metrics, ...failure } = await matrix.run(row.through, at, row.spoil(matrix));
  await row.mend?.(matrix);
  expect(failure).toEqual({
    code: row.code,
    message: typeof row.message === 'string' ? row.message : (expect.stringMatching(row.message) as string),
  });
  expectCounted(row, metrics, {
    DumpFailed: 1,
    FunctionFailures: 1,
    FunctionFailuresByCode: 1,
    code: row.code,
  });
  expect(metrics ?? {}).not.toHaveProperty('DumpCompleted');
  await expectNothingElse(matrix, before);
  await expectNextRun(matrix, at, before);
}

/** The dump succeeds, as if nothing had been. */
export async function expectSurvival(matrix: FaultMatrix, row: SurvivedRow): Promise<CataloguedDump> {
  const before = idsOf(await expectGoodDumps(matrix));
  const at = matrix.nextInstant();
  const { metrics, ...result } = await matrix.run(row.through, at, row.spoil(matrix));
  await row.mend?.(matrix);
  expect(result).toMatchObject({ outcome: 'created' });
  expectCounted(row, metrics, {
    DumpCompleted: 1,
    DumpFailed: 0,
    FunctionFailures: 0,
    DumpNotFingerprinted: 0,
  });
  await expectNothingElse(matrix, [...before, backupIdAt(at)]);
  const made = (await expectGoodDumps(matrix)).find(({ backupId }) => backupId === backupIdAt(at))!;
  expect(made.manifest.fingerprint).toMatchObject({ tables: TABLES });
  return made;
}

/** A dump for this instant succeeds, and is listed as a good one beside the earlier ones. */
export async function expectNextRun(matrix: FaultMatrix, at: Date, before: readonly string[]): Promise<void> {
  const result: Ending = await matrix.run('core', at);
  expect(result).toMatchObject({ outcome: 'created', manifest: { fingerprint: { tables: TABLES } } });
  await expectNothingElse(matrix, [...before, backupIdAt(at)]);
}

/** What every row must leave, whatever happened: these backups, each of them good, and nothing else anywhere. */
export async function expectNothingElse(matrix: FaultMatrix, backups: readonly string[]): Promise<void> {
  expect([...idsOf(await expectGoodDumps(matrix))].sort()).toEqual([...backups].sort());
  expect(await listUnfinishedUploads(matrix.s3, BUCKET)).toEqual([]);
  expect(readdirSync(matrix.temporaryFolder)).toEqual([]);
  const ours = new RegExp(`^golive-(pgpass|pipe)-${process.pid}-`);
  expect(readdirSync(tmpdir()).filter((name) => ours.test(name))).toEqual([]);
  await until(async () => (await matrix.sessions()).length === 0);
  expect(await matrix.databasesNow()).toEqual(matrix.databases);
}

/** Keys of archives; what is proven stays so, since nothing is ever overwritten. */
const proven = new Set<string>();

/**
 * What is listed, newest first, in full and for people, after each was proven: its bytes, and that pg_restore reads
 * it to its end.
 */
export async function expectGoodDumps(matrix: FaultMatrix): Promise<readonly CataloguedDump[]> {
  const { s3, postgres, emulator } = matrix;
  const { dumps } = await listDumps({ s3, bucket: BUCKET });
  const { backups } = await listBackups({ s3, bucket: BUCKET, rds: emulator.clients.rds });
  expect(backups.map(({ id }) => id).sort()).toEqual([...idsOf(dumps)].sort());
  for (const { backupId, manifest } of dumps) {
    if (proven.has(manifest.archive.key)) continue;
    const { rungs } = await verifyDump({ s3, bucket: BUCKET, manifest, path: postgres.binFolder });
    const results = rungs.filter(({ name }) => name === 'bytes' || name === 'readable');
    expect([backupId, ...results.map(({ status }) => status)]).toEqual([backupId, 'passed', 'passed']);
    proven.add(manifest.archive.key);
  }
  return dumps;
}

export function idsOf(dumps: readonly CataloguedDump[]): readonly string[] {
  return dumps.map(({ backupId }) => backupId);
}

/** The function counts, by what its alarms and dashboards know it. */
function expectCounted({ through }: SurvivedRow, metrics: Ending['metrics'], counted: object): void {
  if (through === 'core') return;
  expect(metrics).toMatchObject(counted);
}
