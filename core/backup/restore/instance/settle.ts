import type { DBInstance } from '@aws-sdk/client-rds';
import { adviceOn, verdictOn } from '../../snapshot/instance-state';
import { awaitsReboot, described, differences, modificationFor } from './configuration';
import { InstanceDiffersError, InstanceRestoreFailedError, type SettingDifference } from './errors';
import type { InstanceSession } from './place';
import { addTags, everyInstance, modify, pause, reboot, required } from './rds';
import type { InstanceSettings } from './settings';

/** RDS shows a modification some moments after it took it; so many looks we wait before we think that it is lost. */
const QUIET_LOOKS = 6;
const MODIFICATIONS = 3;
const NAMED_DIFFERENCES = 12;

/** Whether an instance of ours never becomes one to use: only such a one is given up. */
export function isDeadEnd(instance: DBInstance): boolean {
  return [
    'failed',
    'restore-error',
    'incompatible-restore',
    'incompatible-network',
    'incompatible-create',
    'insufficient-capacity',
  ].includes(instance.DBInstanceStatus ?? '');
}

/**
 * Looks until the instance is available, and changes what is not as wanted, until nothing is.
 *
 * @throws InstanceRestoreFailedError, InstanceDiffersError, InstanceTimeLimitError; RDS's refusals
 */
export async function settle(
  session: InstanceSession,
  name: string,
  wanted: InstanceSettings,
  accepted: readonly string[],
): Promise<DBInstance> {
  let modified = 0;
  let rebooted = false;
  for (let quiet = QUIET_LOOKS; ;) {
    const instance = await untilAvailable(session, name);
    const found = differences(wanted, instance, accepted);
    const isPending = Object.keys(instance.PendingModifiedValues ?? {}).length > 0;
    if (found.length === 0 && !isPending) return instance;

    if (found.length > 0 && quiet >= QUIET_LOOKS && modified < MODIFICATIONS) {
      if (await change(session, instance, found, wanted)) {
        modified++;
        quiet = 0;
      } else if (awaitsReboot(found) && !rebooted) {
        session.progress('reboot', name);
        await reboot(session, name);
        rebooted = true;
        quiet = 0;
      } else throw differsError(name, found);
    } else if (quiet >= QUIET_LOOKS && (modified === 0 || modified >= MODIFICATIONS)) {
      throw differsError(name, found.length > 0 ? found : pending(instance));
    } else quiet++;
    await pause(session, `${name} as it must be`);
  }
}

/**
 * @throws InstanceRestoreFailedError when it is in a state that does not pass, InstanceTimeLimitError
 */
export async function untilAvailable(session: InstanceSession, name: string): Promise<DBInstance> {
  for (let misses = 0; ;) {
    const instances = await everyInstance(session);
    const instance = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === name);
    misses = instance ? 0 : misses + 1;
    // RDS may take a moment to show what it just took.
    if (misses > QUIET_LOOKS) required(instances, name);
    const status = instance?.DBInstanceStatus ?? 'not shown yet';
    const verdict = instance ? verdictOn(status) : 'wait';
    if (instance && verdict === 'take') return instance;
    if (verdict === 'stop') {
      throw new InstanceRestoreFailedError(
        `${name} is ${status}, which does not pass by itself; ${adviceOn(status)}. The same command then goes on with it, or makes it anew`,
      );
    }
    session.progress('wait', name, status);
    await pause(session, `waiting for ${name}, which is ${status},`);
  }
}

/** @returns whether anything could be changed */
async function change(
  session: InstanceSession,
  instance: DBInstance,
  found: readonly SettingDifference[],
  wanted: InstanceSettings,
): Promise<boolean> {
  const { DBInstanceIdentifier: name = '' } = instance;
  const modification = modificationFor(found, wanted, instance);
  const tags = found.some(({ setting }) => setting === 'tags') ? wanted.tags : undefined;
  session.progress('modify', name);
  if (tags) {
    await addTags(
      session,
      instance,
      Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    );
  }
  if (modification) await modify(session, name, modification);
  return modification !== undefined || tags !== undefined;
}

function pending({ PendingModifiedValues = {} }: DBInstance): SettingDifference[] {
  return [{ setting: 'PendingModifiedValues', wanted: {}, actual: Object.keys(PendingModifiedValues) }];
}

function differsError(name: string, found: readonly SettingDifference[]): InstanceDiffersError {
  const named = found.slice(0, NAMED_DIFFERENCES).map(described);
  const more = found.length > named.length ? `; and ${found.length - named.length} more` : '';
  return new InstanceDiffersError(
    `${name} is restored, and not as it must be: ${named.join('; ')}${more}. It is kept and not put in place: change it by hand and run the same command again, or accept one on purpose with --accept-difference <setting>`,
    found,
  );
}
