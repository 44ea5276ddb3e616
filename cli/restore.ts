import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { select } from '@inquirer/prompts';
import { listDumps, type CataloguedDump } from '../core/backup/catalogue';
import { takeDump } from '../core/backup/dump/take-dump';
import {
  discardRestored,
  listRestored,
  restoreBeside,
  swapRestored,
  undoRestore,
  type RestoreBesideProgress,
  type RestorePlace,
} from '../core/backup/restore/restore-beside';
import type { SideDatabase } from '../core/backup/restore/side-database';
import type { SwapResult } from '../core/backup/restore/swap';
import { age, bytes, counted, duration } from '../core/shared/units';
import { recorded } from './audit';
import { findDump } from './backup-list';
import { requireYes } from './confirm';
import type { Console } from './console';
import { dumpRequestOf } from './dump-request';
import type { Environment } from './environment';
import { UsageError } from './errors';

export interface RestoreOptions {
  readonly toNewDatabase?: boolean;
  readonly swap?: boolean;
  /** The restore to take back; `true` for the last one. */
  readonly undo?: string | true;
  /** Shows what restores left on the server. */
  readonly list?: boolean;
  /** The restore whose database is dropped. */
  readonly discard?: string;
  readonly yes?: boolean;
  readonly safetyBackup: boolean;
  readonly allowUnproven?: boolean;
  readonly allowOtherEnvironment?: boolean;
  readonly jobs?: number;
}

/** `golive restore` */
export async function restore(
  environment: Environment,
  output: Console,
  id: string | undefined,
  options: RestoreOptions,
  { path, signal, now }: { readonly path: string; readonly signal: AbortSignal; readonly now: () => Date },
): Promise<void> {
  const { toNewDatabase, swap, list, discard } = options;
  const chosen = [toNewDatabase, swap, options.undo, list, discard].filter((option) => option !== undefined);
  if (chosen.length > 1) {
    throw new UsageError('say one of --to-new-database, --swap, --undo, --list and --discard');
  }
  const { s3, operations } = environment;
  const live = await environment.database();
  const place: RestorePlace = { s3, bucket: operations.vaultBucket, live, signal, now };
  if (options.undo !== undefined) return await undo(environment, place, output, options);
  if (list) return await showRestored(place, output);
  if (discard !== undefined) return await discardOne(environment, place, output, discard, options);

  const dump =
    id === undefined ? await pick(environment, output, now()) : await findDump(environment, output, id);
  const isSwap = options.swap ?? (options.toNewDatabase ? false : await askForSwap(output, live.database));
  output.say(
    `${dump.backupId} of ${operations.environment}, ${age(now().getTime() - dump.storedAt.getTime())}, ${bytes(dump.manifest.source.sizeBytes)}: ` +
      (isSwap
        ? `it will take the place of database "${live.database}", which is kept for --undo; clients are disconnected`
        : `into a new database beside "${live.database}", which is not touched`),
  );
  await requireYes(output, options, isSwap ? `Replace "${live.database}"?` : 'Restore it?');

  const to = isSwap ? 'in place' : 'new database';
  await recorded(environment, output, 'backup.restore', `database ${live.database}`, async (note) => {
    note({ backupId: dump.backupId, to, safetyBackup: options.safetyBackup });
    await carryOut({ environment, output, place, dump, isSwap, options, path, note });
  });
}

interface Work {
  readonly environment: Environment;
  readonly output: Console;
  readonly place: RestorePlace;
  readonly dump: CataloguedDump;
  readonly isSwap: boolean;
  readonly options: RestoreOptions;
  readonly path: string;
  readonly note: (more: Readonly<Record<string, unknown>>) => void;
}

async function carryOut({
  environment,
  output,
  place,
  dump,
  isSwap,
  options,
  path,
  note,
}: Work): Promise<void> {
  const { operations } = environment;
  const { live, signal, now = () => new Date() } = place;
  const began = performance.now();
  const restored = await restoreBeside({
    ...place,
    manifest: dump.manifest,
    environment: operations.environment,
    allowUnproven: options.allowUnproven,
    allowOtherEnvironment: options.allowOtherEnvironment,
    safetyBackup: options.safetyBackup
      ? () =>
          takeDump(
            dumpRequestOf(environment, output, {
              endpoint: live,
              scheduledFor: now(),
              path,
              signal,
              doing: STAGES['safety-backup'],
            }),
          )
      : 'skipped',
    serverStorage: () => storageOf(environment),
    path,
    jobs: options.jobs,
    onProgress: (progress) => showProgress(output, progress),
  });
  for (const remark of restored.remarks) output.say(remark);
  const { side, proof, outcome } = restored;
  const { restoreId } = side.mark;
  const recovered = { restoreId, backupId: dump.backupId, outcome, proof };
  note(recovered);
  const proven =
    proof === 'fingerprint' ? 'proven by its fingerprint' : 'NOT proven: the backup has no fingerprint';
  if (!isSwap) {
    output.result(
      `database "${side.name}" holds ${dump.backupId}, ${proven}, after ${duration(performance.now() - began)}\n` +
        `put it in place:  golive restore ${dump.backupId} --swap -e ${operations.environment}`,
      { ...recovered, database: side.name, seconds: (performance.now() - began) / 1000 },
    );
    return;
  }
  output.progress('putting it in place');
  const swapped = await swapRestored(place, side);
  output.result(
    `database "${live.database}" holds ${dump.backupId}, ${proven}, after ${duration(performance.now() - began)}\n` +
      `${saidOfSwap(swapped)}\n` +
      (swapped.retired
        ? `take it back:  golive restore --undo ${restoreId} -e ${operations.environment}`
        : 'there is nothing to take back'),
    {
      ...recovered,
      database: live.database,
      ...swapAsJson(swapped),
      seconds: (performance.now() - began) / 1000,
    },
  );
}

/** Undefined when RDS does not tell: then the restore finds out by itself. */
async function storageOf({ rds, operations }: Environment): Promise<number | undefined> {
  const { DBInstances: [instance] = [] } = await rds
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: operations.instanceIdentifier }))
    .catch(() => ({ DBInstances: [] }));
  return instance?.AllocatedStorage === undefined ? undefined : instance.AllocatedStorage * 1024 ** 3;
}

async function undo(
  environment: Environment,
  place: RestorePlace,
  output: Console,
  options: RestoreOptions,
): Promise<void> {
  const retired = (await listRestored(place)).filter(({ mark }) => mark.state === 'retired');
  const restoreId = options.undo === true ? retired.at(-1)?.mark.restoreId : options.undo;
  if (restoreId === undefined) {
    throw new UsageError(
      `no restore of "${place.live.database}" is in place, so there is nothing to take back`,
    );
  }
  output.say(
    `what restore ${restoreId} put in place of "${place.live.database}" is set aside, and what was there returns`,
  );
  await requireYes(output, options, 'Take it back?');
  output.progress('taking it back');
  const target = `database ${place.live.database}`;
  const swapped = await recorded(environment, output, 'backup.restore', target, (note) => {
    note({ restoreId, to: 'undo' });
    return undoRestore(place, restoreId);
  });
  output.result(
    swapped === 'already-undone'
      ? `restore ${restoreId} was taken back before`
      : `database "${place.live.database}" is what it was before restore ${restoreId}\n${saidOfSwap(swapped)}`,
    { restoreId, ...(swapped === 'already-undone' ? { outcome: swapped } : swapAsJson(swapped)) },
  );
}

async function showRestored(place: RestorePlace, output: Console): Promise<void> {
  const sides = await listRestored(place);
  output.result(
    sides
      .map(
        ({ name, mark }) =>
          `${mark.restoreId}  ${MEANING[mark.state]}  ${mark.since}  ${mark.backupId}  ${name}`,
      )
      .join('\n') || `no restore of "${place.live.database}" left anything`,
    sides.map(({ name, mark }) => ({ database: name, ...mark })),
  );
}

const MEANING: Readonly<Record<SideDatabase['mark']['state'], string>> = {
  restoring: 'half made ',
  verified: 'proven    ',
  retired: 'replaced  ',
  undone: 'taken back',
};

async function discardOne(
  environment: Environment,
  place: RestorePlace,
  output: Console,
  restoreId: string,
  options: RestoreOptions,
): Promise<void> {
  const sides = (await listRestored(place)).filter(({ mark }) => mark.restoreId === restoreId);
  for (const { name, mark } of sides)
    output.say(`"${name}" (${MEANING[mark.state].trim()}) is dropped for good`);
  if (sides.length > 0) await requireYes(output, options, 'Drop it?');
  const target = `database ${place.live.database}`;
  const dropped = await recorded(environment, output, 'backup.restore', target, async (note) => {
    note({ restoreId, to: 'discard' });
    return await discardRestored(place, restoreId);
  });
  output.result(`dropped ${dropped.map((name) => `"${name}"`).join(', ')}`, { restoreId, dropped });
}

/** Asks which backup; the newest is what most want. */
async function pick(environment: Environment, output: Console, now: Date): Promise<CataloguedDump> {
  if (!output.isInteractive) {
    throw new UsageError(
      'say which backup: its id, the beginning of it, or newest; golive backup list shows them',
    );
  }
  output.progress('reading the vault');
  const { dumps } = await listDumps({ s3: environment.s3, bucket: environment.operations.vaultBucket });
  if (dumps.length === 0)
    throw new UsageError('the vault holds no backup; look into the vault of the DR region');
  output.say(counted(dumps.length, 'backup'));
  return await select({
    message: 'Which backup?',
    choices: dumps.map((dump) => ({
      value: dump,
      name: `${dump.backupId}  ${age(now.getTime() - dump.storedAt.getTime())}  ${bytes(dump.manifest.source.sizeBytes)}`,
    })),
  });
}

async function askForSwap(output: Console, database: string): Promise<boolean> {
  if (!output.isInteractive) throw new UsageError('say where to: --to-new-database, or --swap');
  return await select({
    message: 'Where to?',
    choices: [
      { name: `a new database beside "${database}"`, value: false },
      { name: `in place of "${database}", which is kept`, value: true },
    ],
  });
}

const STAGES: Readonly<Record<RestoreBesideProgress['stage'], string>> = {
  'safety-backup': 'saving what is live',
  create: 'making the new database',
  download: 'fetching the archive',
  restore: 'restoring',
  fingerprint: 'comparing with the fingerprint',
  analyse: 'gathering statistics',
  mark: 'marking it as proven',
};

function showProgress(output: Console, progress: RestoreBesideProgress): void {
  const amount =
    'doneBytes' in progress
      ? ({ done: progress.doneBytes, total: progress.totalBytes, unit: 'bytes' } as const)
      : 'doneEntries' in progress
        ? ({ done: progress.doneEntries, total: progress.totalEntries, unit: 'entries' } as const)
        : undefined;
  output.progress(STAGES[progress.stage], amount);
}

function saidOfSwap({ terminated, interruptionMilliseconds, retired, notCarried }: SwapResult): string {
  const said = `${counted(terminated, 'session')} ended, the door closed for ${duration(interruptionMilliseconds)}; ${retired ? `what was there is "${retired.name}"` : 'there was no database of that name any more'}`;
  return [said, ...notCarried.map((what) => `NOT as before, do it by hand: ${what}`)].join('\n');
}

function swapAsJson({ terminated, interruptionMilliseconds, retired, notCarried }: SwapResult) {
  return { keptAs: retired?.name ?? null, sessionsEnded: terminated, interruptionMilliseconds, notCarried };
}
