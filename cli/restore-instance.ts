import { select } from '@inquirer/prompts';
import {
  connectAndAsk,
  discardInstance,
  listInstances,
  restoreInstance,
  swapInstance,
  undoInstance,
  type InstanceLeft,
  type InstancePlace,
  type InstanceSource,
  type LoginCheck,
  type RestoredInstance,
} from '../core/backup/restore/instance';
import type { Clock } from '../core/backup/snapshot/clock';
import type { SmokeStatement } from '../core/backup/verify';
import { age } from '../core/shared/units';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { StoppedError, UsageError } from './errors';
import { acceptedIn, settingsIn } from './instance-settings';
import { instanceSource } from './instance-source';
import {
  consequences,
  MEANING,
  nameOf,
  restoredAsJson,
  saidOfLogin,
  saidOfSwap,
  showProgress,
  swapAsJson,
  WIDEST,
} from './instance-words';
import type { RestoreOptions } from './restore';

export interface RestoreInstanceOptions {
  readonly toNewInstance?: boolean;
  readonly swapInstance?: boolean;
  /** A UTC instant, or `latest`. */
  readonly pointInTime?: string;
  /** The restore to take back; `true` for the last one. */
  readonly undoInstance?: string | true;
  readonly listInstances?: boolean;
  /** The restore whose instances are deleted. */
  readonly discardInstance?: string;
  readonly yes?: boolean;
  readonly safetyBackup: boolean;
  /** False from a machine that does not reach the VPC. */
  readonly login: boolean;
  readonly smoke?: readonly SmokeStatement[];
  readonly allowOtherInstance?: boolean;
  /** A file of JSON, see `InstanceSettings`. */
  readonly settings?: string;
  readonly acceptDifference?: readonly string[];
}

/** Whether a `golive restore` with these options is about instances, and not about databases. */
export function isAboutInstances(options: RestoreInstanceOptions): boolean {
  const { toNewInstance, swapInstance: swap, pointInTime, undoInstance: undo, listInstances: list } = options;
  return [toNewInstance, swap, pointInTime, undo, list, options.discardInstance].some(
    (option) => option !== undefined,
  );
}

interface Work {
  readonly environment: Environment;
  readonly output: Console;
  readonly options: RestoreInstanceOptions;
  readonly place: InstancePlace;
  readonly login: LoginCheck | undefined;
  readonly now: () => Date;
}

export interface Surroundings {
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** By which RDS is waited for. @default the machine's */
  readonly clock?: Clock;
}

/**
 * `golive restore --to-new-instance`, `--swap-instance`, `--point-in-time`, `--undo-instance`, `--list-instances` and
 * `--discard-instance`
 *
 * @param id a snapshot, `point-in-time:<resource id>`, or a restore that is ready; the latter only to put it in place
 */
export async function restoreInstanceCommand(
  environment: Environment,
  output: Console,
  id: string | undefined,
  options: RestoreInstanceOptions & Partial<RestoreOptions>,
  { signal, now, clock }: Surroundings,
): Promise<void> {
  const { toNewInstance, swapInstance: swap, undoInstance: undo, listInstances: list } = options;
  const chosen = [toNewInstance, swap, undo, list, options.discardInstance].filter(
    (option) => option !== undefined,
  );
  const ofDatabases = [options.toNewDatabase, options.swap, options.undo, options.list, options.discard];
  if (ofDatabases.some((option) => option !== undefined)) {
    throw new UsageError('an option for databases and one for instances do not go together: leave one out');
  }
  if (chosen.length > 1) {
    throw new UsageError(
      'say one of --to-new-instance, --swap-instance, --undo-instance, --list-instances and --discard-instance',
    );
  }
  const { s3, rds, operations } = environment;
  const place: InstancePlace = {
    rds,
    s3,
    bucket: operations.vaultBucket,
    database: operations.databaseName,
    instanceIdentifier: operations.instanceIdentifier,
    signal,
    clock,
    onProgress: (progress) => showProgress(output, progress),
  };
  const work: Work = { environment, output, options, place, login: loginOf(environment, options), now };
  try {
    if (list) await showInstances(work);
    else if (undo !== undefined) await takeBack(work, undo);
    else if (options.discardInstance !== undefined) await discard(work, options.discardInstance);
    else await restoreOrSwap(work, id);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new StoppedError(
      'stopped; what RDS was told to do goes on, and the same command goes on with it. golive restore --list-instances shows where it stands',
      { cause: error },
    );
  }
}

async function restoreOrSwap(work: Work, id: string | undefined): Promise<void> {
  const { output, options, place, now } = work;
  const live = place.instanceIdentifier;
  const ready = options.swapInstance && id !== undefined ? await readyRestore(work, id) : undefined;
  if (ready) {
    const { restoreId, source, since } = ready;
    output.say(
      `restore ${restoreId} of ${source}, made ${age(now().getTime() - since.getTime())}: ${consequences(live, true)}`,
    );
    await requireYes(output, options, `Replace "${live}"?`);
    await recordedOn(work, async (note) => {
      note({ restoreId, to: 'in place', safetyBackup: options.safetyBackup });
      await putInPlace(work, restoreId, undefined, note);
    });
    return;
  }
  const { source, described } = await instanceSource(work.environment, output, id, options, now());
  const settings = await settingsIn(options.settings);
  const accepted = acceptedIn(options.acceptDifference);
  // Who cannot read the secret should learn it now, and not in an hour.
  await work.login?.administrator();
  const isSwap = options.swapInstance ?? (options.toNewInstance ? false : await askForSwap(output, live));
  output.say(`${described}: ${consequences(live, isSwap)}`);
  await requireYes(output, options, isSwap ? `Replace "${live}"?` : 'Restore it?');

  await recordedOn(work, async (note) => {
    note({
      source: nameOf(source),
      to: isSwap ? 'in place' : 'new instance',
      ...(isSwap && { safetyBackup: options.safetyBackup }),
      ...(settings && { settings: Object.keys(settings) }),
      ...(accepted.length > 0 && { accepted }),
    });
    const restored = await restoreInstance({
      ...place,
      source,
      dbiResourceId: work.environment.operations.dbiResourceId,
      allowOtherInstance: options.allowOtherInstance,
      settings,
      acceptDifferences: accepted,
      login: work.login,
    });
    note({ restoreId: restored.restoreId, instance: restored.name, login: restored.login });
    for (const remark of restored.remarks) output.say(remark);
    if (isSwap) await putInPlace(work, restored.restoreId, restored, note);
    else showRestored(work, source, restored, [...Object.keys(settings ?? {}), ...accepted]);
  });
}

type Note = (more: Readonly<Record<string, unknown>>) => void;

async function putInPlace(
  work: Work,
  restoreId: string,
  restored: RestoredInstance | undefined,
  note: Note,
): Promise<void> {
  const { output, options, place, login, environment } = work;
  const swap = await swapInstance({ ...place, restoreId, safetySnapshot: options.safetyBackup, login });
  note({ dbiResourceId: swap.dbiResourceId, kept: swap.kept, safetySnapshot: swap.safetySnapshot });
  const { environment: name } = environment.operations;
  output.result(
    [
      `instance "${place.instanceIdentifier}" is what restore ${restoreId} made${saidOfLogin(swap.login)}`,
      ...saidOfSwap(swap, work.environment.operations.dbiResourceId),
      swap.kept === undefined
        ? 'there was no instance any more, so there is nothing to take back'
        : `take it back:  golive restore --undo-instance ${restoreId} -e ${name}`,
    ].join('\n'),
    { ...(restored && restoredAsJson(restored)), ...swapAsJson(place, swap) },
  );
}

function showRestored(
  { output, place, environment }: Work,
  source: InstanceSource,
  restored: RestoredInstance,
  exceptions: readonly string[],
): void {
  const { name, restoreId, endpoint, login } = restored;
  output.result(
    `instance "${name}" holds ${nameOf(source)} and is in every setting${exceptions.length > 0 ? ` but ${exceptions.join(', ')}` : ''} as "${place.instanceIdentifier}"${saidOfLogin(login)}\n` +
      (endpoint ? `it answers at ${endpoint.host}:${endpoint.port}\n` : '') +
      `put it in place:  golive restore ${restoreId} --swap-instance -e ${environment.operations.environment}`,
    restoredAsJson(restored),
  );
}

async function takeBack(work: Work, which: string | true): Promise<void> {
  const { output, options, place, login } = work;
  const left = await listInstances(place);
  const replaced = left.filter(({ state }) => state === 'replaced');
  const restoreId = which === true ? replaced.at(-1)?.restoreId : which;
  if (restoreId === undefined) {
    throw new UsageError(
      `no restore of "${place.instanceIdentifier}" is in place, so there is nothing to take back`,
    );
  }
  output.say(
    `what restore ${restoreId} put in place of "${place.instanceIdentifier}" is set aside with all that was written to it, and what was there returns; clients have no database for up to ten minutes`,
  );
  await requireYes(output, options, 'Take it back?');
  const swap = await recordedOn(work, (note) => {
    note({ restoreId, to: 'undo' });
    return undoInstance({ ...place, login }, restoreId);
  });
  if (swap === 'already-undone') {
    output.result(`restore ${restoreId} was taken back before`, { restoreId, outcome: swap });
    return;
  }
  output.result(
    [
      `instance "${place.instanceIdentifier}" is what it was before restore ${restoreId}${saidOfLogin(swap.login)}`,
      ...saidOfSwap(swap, work.environment.operations.dbiResourceId),
    ].join('\n'),
    swapAsJson(place, swap),
  );
}

async function showInstances({ output, place }: Work): Promise<void> {
  const left = await listInstances(place);
  output.result(
    left
      .map(
        ({ restoreId, state, since, source, name, status }) =>
          `${restoreId}  ${MEANING[state].padEnd(WIDEST)}  ${since.toISOString()}  ${name} (${status})${source === undefined ? '' : `  ${source}`}`,
      )
      .join('\n') || `no restore of "${place.instanceIdentifier}" left an instance`,
    left.map((one) => ({ ...one, source: one.source ?? null, since: one.since.toISOString() })),
  );
}

async function discard(work: Work, restoreId: string): Promise<void> {
  const { output, options, place } = work;
  const left = (await listInstances(place)).filter(
    (one) => one.restoreId === restoreId && one.name !== place.instanceIdentifier,
  );
  for (const { name, state } of left) {
    const kept =
      state === 'replaced' ? '; a last snapshot of it is kept' : ' with its automated backups, for good';
    output.say(`"${name}" (${MEANING[state]}) is deleted${kept}`);
  }
  if (left.length > 0) await requireYes(output, options, 'Delete it?');
  const discarded = await recordedOn(work, async (note) => {
    note({ restoreId, to: 'discard' });
    const deleted = await discardInstance(place, restoreId);
    note({ deleted });
    return deleted;
  });
  output.result(
    discarded
      .map(
        ({ name, finalSnapshot }) =>
          `"${name}" is being deleted${finalSnapshot === undefined ? '' : `, into the snapshot ${finalSnapshot}`}`,
      )
      .join('\n'),
    { restoreId, discarded: discarded.map((one) => ({ ...one, finalSnapshot: one.finalSnapshot ?? null })) },
  );
}

/** A restore of that id, which is none of a snapshot's: eight hexadecimal digits. */
async function readyRestore({ place }: Work, id: string): Promise<InstanceLeft | undefined> {
  if (!/^[0-9a-f]{8}$/.test(id)) return undefined;
  return (await listInstances(place)).find(
    ({ restoreId, state }) => restoreId === id && state !== 'replaced',
  );
}

async function recordedOn<T>(
  { environment, output, place }: Work,
  run: (note: Note) => Promise<T>,
): Promise<T> {
  return await recorded(environment, output, 'backup.restore', `instance ${place.instanceIdentifier}`, run);
}

/** The secret is read when it is used: a restore lasts longer than a rotation. */
function loginOf(environment: Environment, { login, smoke }: RestoreInstanceOptions): LoginCheck | undefined {
  if (!login) return undefined;
  return { administrator: () => environment.database(), connect: connectAndAsk(smoke) };
}

async function askForSwap(output: Console, live: string): Promise<boolean> {
  if (!output.isInteractive) throw new UsageError('say where to: --to-new-instance, or --swap-instance');
  return await select({
    message: 'Where to?',
    choices: [
      { name: `a new instance beside "${live}"`, value: false },
      { name: `in place of "${live}", which is kept`, value: true },
    ],
  });
}
