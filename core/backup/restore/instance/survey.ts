import type { DBInstance } from '@aws-sdk/client-rds';
import { replacedMark, restoredMark, type ReplacedMark, type RestoredMark } from './mark';
import type { InstanceSession } from './place';
import { everyInstance, pause } from './rds';

/** An instance that a restore made. */
export interface Restored {
  readonly name: string;
  readonly instance: DBInstance;
  readonly mark: RestoredMark;
}

/** An instance that a restore set aside, or is about to. */
export interface Replaced {
  readonly name: string;
  readonly instance: DBInstance;
  readonly mark: ReplacedMark;
}

/** What stands there: who has the live one's name, and what restores of it have left. */
export interface Survey {
  readonly live: DBInstance | undefined;
  /** Oldest first. One of them may be the live one. */
  readonly restored: readonly Restored[];
  readonly replaced: readonly Replaced[];
}

/** Once every renaming has come to its end: until then the names do not tell who is live. */
export async function survey(session: InstanceSession): Promise<Survey> {
  for (;;) {
    const found = await look(session);
    const unsteady = [
      found.live,
      ...[...found.restored, ...found.replaced].map(({ instance }) => instance),
    ].find(
      (instance) =>
        instance?.DBInstanceStatus === 'renaming' || instance?.PendingModifiedValues?.DBInstanceIdentifier,
    );
    if (!unsteady) return found;
    session.progress('wait', unsteady.DBInstanceIdentifier, 'renaming');
    await pause(session, `the renaming of ${unsteady.DBInstanceIdentifier}`);
  }
}

/** As it is at this moment. */
export async function look(session: InstanceSession): Promise<Survey> {
  const liveName = session.place.instanceIdentifier;
  const instances = await everyInstance(session);
  const restored: Restored[] = [];
  const replaced: Replaced[] = [];
  for (const instance of instances) {
    const { DBInstanceIdentifier: name = '', DBInstanceStatus: status } = instance;
    if (status === 'deleting') continue;
    const made = restoredMark(instance);
    if (made?.live === liveName) restored.push({ name, instance, mark: made });
    const setAside = replacedMark(instance);
    if (setAside?.live === liveName) replaced.push({ name, instance, mark: setAside });
  }
  const byTime = (a: Restored | Replaced, b: Restored | Replaced) => a.mark.since.localeCompare(b.mark.since);
  return {
    live: instances.find(
      ({ DBInstanceIdentifier, DBInstanceStatus }) =>
        DBInstanceIdentifier === liveName && DBInstanceStatus !== 'deleting',
    ),
    restored: restored.sort(byTime),
    replaced: replaced.sort(byTime),
  };
}

/** What one restore has to do with. */
export function ofRestore(
  { restored, replaced }: Survey,
  id: string,
): { readonly restored: Restored | undefined; readonly replaced: Replaced | undefined } {
  return {
    restored: restored.find(({ mark }) => mark.restoreId === id),
    replaced: replaced.find(({ mark }) => mark.restoreId === id),
  };
}

/** The restore whose swap was begun and is not done: what was live has its mark, or it has the live name itself. */
export function swapping({ live, restored, replaced }: Survey): Restored | undefined {
  return restored.find(
    ({ name, mark }) =>
      mark.state === 'ready' &&
      (name === live?.DBInstanceIdentifier || replaced.some((one) => one.mark.restoreId === mark.restoreId)),
  );
}

/** The live instance; the one that it was, until a swap is done. */
export function liveOrKept(found: Survey): DBInstance | undefined {
  const id = swapping(found)?.mark.restoreId;
  const setAside = found.replaced.find(({ mark }) => mark.restoreId === id);
  return (setAside ?? found.replaced.filter(() => !found.live).at(-1))?.instance ?? found.live;
}
