import Table from 'cli-table3';
import {
  drillMetrics,
  listDrills,
  runDrill,
  type DrillListing,
  type DrillProgress,
  type DrillRecord,
  type DumpStage,
  type SnapshotStage,
  type StageName,
} from '../core/backup/drill';
import { systemClock } from '../core/backup/snapshot/clock';
import type { SmokeStatement } from '../core/backup/verify';
import { scrubText } from '../core/observability/scrub';
import { bytes, counted, duration } from '../core/shared/units';
import { recorded } from './audit';
import type { Console } from './console';
import type { Environment } from './environment';
import { DrillNotPassedError, UsageError } from './errors';
import type { Meter } from './meter';

export interface DrillOptions {
  /** Shows the records instead. */
  readonly list?: boolean;
  /** @default - the newest dump */
  readonly backup?: string;
  /** Restores the newest snapshot into a throw-away instance too. */
  readonly snapshot?: boolean;
  /** Says that no snapshot is to be restored, which is also what happens when nobody says anything. */
  readonly dumpOnly?: boolean;
  readonly smoke?: readonly SmokeStatement[];
  /** @default - the environment's */
  readonly objectiveMinutes?: number;
  readonly jobs?: number;
}

/** What a command is given of its process. */
export interface DrillProcess {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly meter: Meter;
}

/**
 * `golive drill`
 *
 * @throws DrillNotPassedError, UsageError, the errors of `runDrill`
 */
export async function drill(
  environment: Environment,
  output: Console,
  options: DrillOptions,
  { path, signal, meter }: DrillProcess,
): Promise<void> {
  if (options.list) return await drillList(environment, output);
  if (options.snapshot && options.dumpOnly) {
    throw new UsageError('--snapshot and --dump-only contradict each other; give one of them, or none');
  }
  const { s3, rds, operations } = environment;
  const { objectiveMinutes } = options;
  const target = `${options.backup ?? 'newest dump'} of ${operations.databaseName}${options.snapshot ? ', newest snapshot' : ''}`;
  await recorded(environment, output, 'backup.drill', target, async (note) => {
    output.progress('looking for what to drill');
    const record = await runDrill({
      s3,
      rds,
      bucket: operations.vaultBucket,
      environment: operations.environment,
      instanceIdentifier: operations.instanceIdentifier,
      dbiResourceId: operations.dbiResourceId,
      database: operations.databaseName,
      who: await environment.caller(),
      live: () => environment.database(),
      path,
      backup: options.backup,
      withSnapshot: options.snapshot,
      smokeSql: [...operations.smoke, ...(options.smoke ?? [])],
      jobs: options.jobs,
      objectiveSeconds:
        objectiveMinutes === undefined
          ? operations.health.recoveryTimeObjectiveSeconds
          : objectiveMinutes * 60,
      clock: systemClock,
      scrub: scrubText,
      signal,
      onProgress: (progress) => showProgress(output, progress),
    });
    const { drillId, verdict, recoverySeconds, extrapolatedSeconds } = record;
    note({ drillId, verdict, recoverySeconds, extrapolatedSeconds });
    const metrics = drillMetrics(record);
    for (const { name, value, unit } of metrics) {
      if (unit === 'Seconds') meter.seconds(name, value);
      else meter.count(name, value);
    }
    output.result(forPeople(record, output), { ...record, metrics });
    if (verdict === 'passed') return;
    const reasons = [record.dump.error, record.snapshot?.error].flatMap((error) => error?.message ?? []);
    throw new DrillNotPassedError(
      `drill ${drillId} ended as ${verdict}: ${reasons.join('; ')}; see docs/runbook.md#restore-drill`,
    );
  });
}

const DOING: Readonly<Record<StageName, string>> = {
  server: 'starting a throw-away server',
  download: 'fetching and hashing the archive',
  readable: 'reading the whole archive',
  restore: 'restoring it',
  analyze: 'gathering statistics',
  structure: 'reading what was restored',
  fingerprint: 'comparing with the fingerprint',
  smoke: 'asking the smoke SQL',
  instance: 'restoring the snapshot into a throw-away instance',
  login: 'logging in to it',
  volume: 'comparing numbers of rows',
  content: 'comparing contents',
  removal: 'deleting the throw-away instance',
};

function showProgress(output: Console, progress: DrillProgress): void {
  if (progress.state === 'ended') return;
  if (progress.state === 'began') return output.progress(DOING[progress.stage]);
  const { done, total, unit } = progress;
  output.progress(DOING[progress.stage], { done, total, unit });
}

function forPeople(record: DrillRecord, output: Console): string {
  const { colours } = output;
  const { dump, snapshot, objectiveSeconds, recoverySeconds, extrapolatedSeconds, withinObjective } = record;
  const lines = [
    `dump ${dump.backupId ?? '(none)'} of ${dump.database}${dump.databaseBytes === null ? '' : `, ${bytes(dump.databaseBytes)}`}`,
    stagesTable(dump.stages, output),
  ];
  if (snapshot) {
    lines.push(
      `snapshot ${snapshot.snapshotId ?? '(none)'}${snapshot.instanceIdentifier ? `, as ${snapshot.instanceIdentifier}` : ''}`,
      stagesTable(snapshot.stages, output),
    );
    if (snapshot.recoverySeconds !== null) {
      lines.push(`from the snapshot somebody could log in after ${inWords(snapshot.recoverySeconds)}`);
    }
  }
  for (const remark of [...dump.remarks, ...(snapshot?.remarks ?? [])]) lines.push(`note: ${remark}`);
  if (recoverySeconds !== null && extrapolatedSeconds !== null) {
    const judged = withinObjective ? colours.green('within') : colours.red('over');
    lines.push(
      `recovery from the dump: ${inWords(recoverySeconds)} measured, ${inWords(extrapolatedSeconds)} at the live database's size: ${judged} the objective of ${inWords(objectiveSeconds)}`,
      `  ${record.formula}`,
    );
  }
  const colour = { passed: colours.green, failed: colours.red, 'not-run': colours.yellow }[record.verdict];
  lines.push(`drill ${record.drillId}: ${colour(record.verdict)}`);
  return lines.join('\n');
}

function stagesTable(stages: readonly (DumpStage | SnapshotStage)[], { colours }: Console): string {
  const colour = { passed: colours.green, failed: colours.red, 'not-run': colours.yellow };
  const table = new Table({
    head: ['stage', 'result', 'seconds', 'detail'],
    colAligns: ['left', 'left', 'right', 'left'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, 80],
  });
  for (const { name, outcome, seconds, detail } of stages) {
    table.push([name, colour[outcome](outcome), outcome === 'not-run' ? '' : seconds.toFixed(1), detail]);
  }
  return table.toString();
}

/** `golive drill --list` */
async function drillList({ s3, operations }: Environment, output: Console): Promise<void> {
  output.progress('reading the records of drills');
  const listings: DrillListing[] = [];
  for await (const listing of listDrills(s3, operations.vaultBucket)) listings.push(listing);
  output.result(
    listings.length === 0 ? 'no drill is on record; run one: golive drill' : listTable(listings, output),
    listings,
  );
}

function listTable(listings: readonly DrillListing[], { colours }: Console): string {
  const colour = { passed: colours.green, failed: colours.red, 'not-run': colours.yellow };
  const table = new Table({
    head: ['when (UTC)', 'who', 'dump', 'size', 'verdict', 'measured', 'at live size', 'trend'],
    colAligns: ['left', 'left', 'left', 'right', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  let before: number | undefined;
  for (const listing of listings) {
    if ('unreadable' in listing) {
      table.push([{ colSpan: 8, content: colours.red(`${listing.key}: ${listing.unreadable}`) }]);
      continue;
    }
    const { startedAt, who, dump, snapshot, verdict, recoverySeconds, extrapolatedSeconds, withinObjective } =
      listing.record;
    const live = extrapolatedSeconds === null ? '' : inWords(extrapolatedSeconds);
    table.push([
      startedAt.replace(/\.\d+Z$/, ''),
      who.arn.split(/[/:]/).slice(-2).join('/'),
      `${dump.backupId ?? 'none'}${snapshot ? ', and a snapshot' : ''}`,
      dump.databaseBytes === null ? '' : bytes(dump.databaseBytes),
      colour[verdict](verdict),
      recoverySeconds === null ? '' : inWords(recoverySeconds),
      withinObjective === false ? colours.red(`${live}, over`) : live,
      trend(before, extrapolatedSeconds),
    ]);
    before = extrapolatedSeconds ?? before;
  }
  return `${table.toString()}\n${counted(listings.length, 'drill')}`;
}

/** `+12 %`: against the last drill that measured one. */
function trend(before: number | undefined, now: number | null): string {
  if (now === null || before === undefined || before === 0) return '';
  const percent = Math.round((now / before - 1) * 100);
  return `${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %`;
}

function inWords(seconds: number): string {
  return duration(seconds * 1000);
}
