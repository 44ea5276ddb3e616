import type {
  InstanceLeft,
  InstancePlace,
  InstanceProgress,
  InstanceSource,
  InstanceSwap,
  RestoredInstance,
} from '../core/backup/restore/instance';
import { duration } from '../core/shared/units';
import type { Console } from './console';
import { pointInTimeOf } from './instance-source';

export function consequences(live: string, isSwap: boolean): string {
  return isSwap
    ? `it will take the place of instance "${live}", which is kept for --undo-instance; clients have no database for up to ten minutes, and what was written since is not in it`
    : `into a new instance beside "${live}", which is not touched; it costs what "${live}" costs until it is discarded`;
}

const STAGES: Readonly<Record<Exclude<InstanceProgress['stage'], 'wait'>, string>> = {
  'safety-snapshot': 'saving what is live',
  restore: 'making the new instance',
  modify: 'setting what a restore does not take',
  reboot: 'rebooting, for its parameters',
  login: 'logging in',
  'reset-password': "setting the administrator's password to the secret's",
  'set-aside': 'setting the live instance aside',
  'take-place': 'giving the other one its name',
  delete: 'deleting',
};

export function showProgress(
  output: Console,
  { stage, instance, status, elapsedMilliseconds }: InstanceProgress,
): void {
  const text = stage === 'wait' ? `waiting for ${instance}, which is ${status}` : STAGES[stage];
  output.progress(text, undefined, elapsedMilliseconds < 1000 ? undefined : duration(elapsedMilliseconds));
}

export const MEANING: Readonly<Record<InstanceLeft['state'], string>> = {
  restoring: 'half made',
  ready: 'ready',
  'in-place': 'in place',
  undone: 'taken back',
  replaced: 'replaced',
  'half-swapped': 'NOBODY IS LIVE: swap half-way',
};
export const WIDEST = 'taken back'.length;

export function saidOfLogin(login: RestoredInstance['login']): string {
  return login === 'not-run' ? '; NOT proven that it lets anybody in' : ', and lets the administrator in';
}

/** @param deployed the resource id that the environment was deployed with */
export function saidOfSwap(swap: InstanceSwap, deployed: string): string[] {
  const { kept, safetySnapshot, interruptionMilliseconds, dbiResourceId } = swap;
  return [
    ...(interruptionMilliseconds > 0
      ? [`clients had no database for ${duration(interruptionMilliseconds)}, as far as this run saw`]
      : []),
    ...(kept === undefined ? [] : [`what was there is "${kept}"`]),
    ...(safetySnapshot === undefined ? [] : [`the snapshot before it is ${safetySnapshot}`]),
    ...(dbiResourceId === deployed
      ? []
      : [
          `its resource id is ${dbiResourceId}, and ${deployed} is deployed: scheduled snapshots refuse it until the backup functions know (docs/runbook.md, restoring a snapshot or a point in time)`,
        ]),
  ];
}

export function nameOf(source: InstanceSource): string {
  return 'snapshot' in source ? source.snapshot : pointInTimeOf(source);
}

export function restoredAsJson({ name, dataOf, ...restored }: RestoredInstance) {
  return { ...restored, instance: name, dataOf: dataOf?.toISOString() ?? null };
}

export function swapAsJson(place: InstancePlace, { kept, safetySnapshot, ...swap }: InstanceSwap) {
  return {
    ...swap,
    instance: place.instanceIdentifier,
    keptAs: kept ?? null,
    safetySnapshot: safetySnapshot ?? null,
  };
}
