import type { DBInstance } from '@aws-sdk/client-rds';
import { createSnapshot, findSnapshot, isFault } from '../../snapshot/rds-calls';
import { adviceOn } from '../../snapshot/instance-state';
import { InstanceRestoreFailedError, InstanceStateError } from './errors';
import { asking } from './faults';
import { proveLogin, type LoginCheck, type LoginOutcome } from './login';
import {
  INSTANCE_TAG,
  instanceName,
  REPLACED_KEYS,
  safetySnapshotName,
  tagsOfReplaced,
  tagsToKeep,
} from './mark';
import { exclusively, type InstancePlace, type InstanceSession } from './place';
import { addTags, everyInstance, modify, pause, removeTags, required } from './rds';
import { setState } from './restore-instance';
import { untilAvailable } from './settle';
import { ofRestore, survey, type Restored, type Survey } from './survey';

export interface SwapInstanceRequest extends InstancePlace {
  readonly restoreId: string;
  /**
   * Takes a snapshot of the live instance first; without it there is the kept instance only. `false` is for one that
   * can't be snapshot any more, and a decision of a person.
   * @default true
   */
  readonly safetySnapshot?: boolean | undefined;
  /** Logs in by the live name afterwards. */
  readonly login?: LoginCheck | undefined;
}

export interface InstanceSwap {
  readonly restoreId: string;
  /** Of the instance that has the live name now. What was deployed with the other one's must learn it. */
  readonly dbiResourceId: string;
  /** The instance that was live until now, kept under this name. Undefined when there was none any more. */
  readonly kept: string | undefined;
  readonly safetySnapshot: string | undefined;
  readonly login: LoginOutcome;
  /** From the first renaming to both being available again, milliseconds; what this run saw of it. */
  readonly interruptionMilliseconds: number;
}

/**
 * Puts the restored instance in the live one's place by renaming both, so that the endpoint's name stays, and with it
 * the secret and every client. The live one is kept, with its deletion protection, for {@link undoInstance}. Renaming
 * reboots, and the new name takes up to ten minutes to be known: so long clients have no database.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
 *
 * It may be killed at any point, and goes on when it is run again.
 *
 * @throws LeaseHeldError; InstanceStateError when that restore is not ready, or another instance has the place;
 *   InstanceRestoreFailedError when the live one is in a state that does not pass; RdsQuotaError; InstanceLoginError
 */
export async function swapInstance(request: SwapInstanceRequest): Promise<InstanceSwap> {
  const { restoreId, instanceIdentifier: live, login, safetySnapshot = true } = request;
  return await exclusively(request, async (session) => {
    const found = await survey(session);
    const restored = requireReady(found, live, restoreId);
    const keptName = instanceName(live, 'replaced', restoreId);
    const snapshot = safetySnapshotName(live, restoreId, session.clock.now());
    const isLive = restored.name === live;

    // Before anything is taken from clients; half-way they have nothing, and it is asked afterwards.
    if (found.live && !isLive) await proveLogin(session, restored.name, login);
    if (restored.mark.state === 'undone') await setState(session, restored.instance, 'ready');

    let renaming: number | undefined;
    const begin = () => (renaming ??= session.clock.now().getTime());
    if (found.live && !isLive) {
      await requireAvailable(session, live, restored.name);
      if (safetySnapshot) await takeSafetySnapshot(session, found.live, snapshot, restoreId);
      // First the tags: an instance that has them and the live name is one whose swap was not begun.
      const since = session.clock.now().toISOString();
      await addTags(session, found.live, tagsOfReplaced({ restoreId, live, since }));
      begin();
      session.progress('set-aside', live);
      await rename(session, live, keptName);
    }
    if (!isLive) {
      begin();
      session.progress('take-place', restored.name);
      await rename(session, restored.name, live);
    }
    const now = await untilAvailable(session, live);
    const kept = (await survey(session)).replaced.find(({ mark }) => mark.restoreId === restoreId);
    if (kept) await untilAvailable(session, kept.name);
    const interruptionMilliseconds = renaming === undefined ? 0 : session.clock.now().getTime() - renaming;
    const outcome = await proveLogin(session, live, login, { mayReset: false });
    await setState(session, now, 'in-place');
    return {
      restoreId,
      dbiResourceId: now.DbiResourceId ?? 'unknown',
      kept: kept?.name,
      safetySnapshot: safetySnapshot && kept ? snapshot : undefined,
      login: outcome,
      interruptionMilliseconds,
    };
  });
}

/**
 * Takes a swap back: the instance that was live before it returns under its name, and what the restore brought is set
 * aside. Goes on when it was killed, and takes a swap back that stands half-way.
 *
 * @throws LeaseHeldError; InstanceStateError when there is nothing to go back to, or another restore came after it
 */
export async function undoInstance(
  place: InstancePlace & { readonly login?: LoginCheck | undefined },
  restoreId: string,
): Promise<InstanceSwap | 'already-undone'> {
  const { instanceIdentifier: live } = place;
  return await exclusively(place, async (session) => {
    const found = await survey(session);
    const { restored, replaced } = ofRestore(found, restoreId);
    if (!replaced) {
      if (restored?.mark.state === 'undone') return 'already-undone';
      throw new InstanceStateError(
        `restore ${restoreId} left no instance to go back to: see golive restore --list-instances, and restore the snapshot ${live}-before-${restoreId}-… that it took first`,
      );
    }
    const liveIsTheirs = found.live && restored?.name !== live && replaced.name !== live;
    if (liveIsTheirs) {
      throw new InstanceStateError(
        `"${live}" is not what restore ${restoreId} put there: take back what came after it first (golive restore --list-instances)`,
      );
    }
    const setAside = instanceName(live, 'restore', restoreId);
    let renaming: number | undefined;
    const begin = () => (renaming ??= session.clock.now().getTime());
    // One that still has the live name was marked and not yet set aside: then only the mark is to go.
    if (restored && replaced.name !== live) await setState(session, restored.instance, 'undone');
    if (restored?.name === live) {
      begin();
      session.progress('set-aside', live);
      await rename(session, live, setAside);
    }
    if (replaced.name !== live) {
      begin();
      session.progress('take-place', replaced.name);
      await rename(session, replaced.name, live);
    }
    const now = await untilAvailable(session, live);
    const interruptionMilliseconds = renaming === undefined ? 0 : session.clock.now().getTime() - renaming;
    const outcome = await proveLogin(session, live, place.login, { mayReset: false });
    await removeTags(session, now, REPLACED_KEYS);
    return {
      restoreId,
      dbiResourceId: now.DbiResourceId ?? 'unknown',
      kept: restored && setAside,
      safetySnapshot: undefined,
      login: outcome,
      interruptionMilliseconds,
    };
  });
}

function requireReady(found: Survey, live: string, restoreId: string): Restored {
  const { restored, replaced } = ofRestore(found, restoreId);
  if (!restored) {
    throw new InstanceStateError(
      `there is no restore ${restoreId} of "${live}": see golive restore --list-instances`,
    );
  }
  const { name, mark } = restored;
  // What was in place and taken back may return; not while it is being taken back.
  const isBeingUndone = mark.state === 'undone' && (!found.live || replaced !== undefined);
  if (mark.state === 'restoring' || isBeingUndone || (mark.state === 'in-place' && name !== live)) {
    throw new InstanceStateError(
      isBeingUndone
        ? `restore ${restoreId} is being taken back: finish that with golive restore --undo-instance ${restoreId}`
        : `restore ${restoreId} is ${mark.state}, not ready: run golive restore ${mark.source} --to-new-instance again first`,
    );
  }
  // Set aside, and somebody else has the place.
  if (found.live && name !== live && replaced && replaced.name !== live) {
    throw new InstanceStateError(
      `"${live}" is an instance that restore ${restoreId} did not leave there: see golive restore --list-instances, and who made it`,
    );
  }
  return restored;
}

/** Waits for both before anything is taken from clients. */
async function requireAvailable(session: InstanceSession, live: string, restored: string): Promise<void> {
  await untilAvailable(session, restored);
  try {
    await untilAvailable(session, live);
  } catch (error) {
    if (!(error instanceof InstanceRestoreFailedError)) throw error;
    const { DBInstanceStatus: status = 'unknown' } = required(await everyInstance(session), live);
    throw new InstanceRestoreFailedError(
      `the live instance "${live}" is ${status}, and RDS renames an available one only: ${adviceOn(status)}; or, when its data is lost anyway, delete it with a final snapshot and run this again`,
      { cause: error },
    );
  }
}

/**
 * Renames, and waits until the old name is free. A lost answer is no harm: the new name tells.
 */
async function rename(session: InstanceSession, from: string, to: string): Promise<void> {
  await modify(session, from, { NewDBInstanceIdentifier: to }, `"${from}" could not be renamed to "${to}"`);
  for (;;) {
    const names = (await everyInstance(session)).map(({ DBInstanceIdentifier }) => DBInstanceIdentifier);
    if (!names.includes(from)) return;
    session.progress('wait', from, 'renaming');
    await pause(session, `renaming ${from} to ${to}`);
  }
}

async function takeSafetySnapshot(
  session: InstanceSession,
  live: DBInstance,
  snapshot: string,
  restoreId: string,
): Promise<void> {
  const name = live.DBInstanceIdentifier ?? '';
  session.progress('safety-snapshot', name);
  try {
    await createSnapshot(session, {
      identifier: snapshot,
      instanceIdentifier: name,
      tags: [
        ...Object.entries(tagsToKeep(live.TagList ?? [])).map(([Key, Value]) => ({ Key, Value })),
        { Key: INSTANCE_TAG.restoreId, Value: restoreId },
      ],
    });
  } catch (error) {
    // Ours, of a run that was killed: nobody else knows the restore's id.
    if (!isFault(error, 'DBSnapshotAlreadyExists')) {
      await asking(`"${name}" could not be snapshot, and nothing was put in place`, () =>
        Promise.reject(error as Error),
      );
    }
  }
  for (;;) {
    const { Status: status = 'creating' } = (await findSnapshot(session, snapshot)) ?? {};
    if (status === 'available') break;
    if (status !== 'creating') {
      throw new InstanceRestoreFailedError(
        `the safety snapshot ${snapshot} ended as ${status}: delete it and run this again, or leave it out on purpose with --no-safety-backup`,
      );
    }
    session.progress('wait', snapshot, status);
    await pause(session, `the safety snapshot ${snapshot}`);
  }
  // A snapshot in the making keeps the instance busy for some moments more.
  await untilAvailable(session, name);
}
