import {
  AddTagsToResourceCommand,
  DeleteDBInstanceCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  type DBInstance,
  type DBSnapshot,
  type RestoreDBInstanceFromDBSnapshotMessage,
  type RestoreDBInstanceToPointInTimeMessage,
  type Tag,
} from '@aws-sdk/client-rds';
import { isFault, listInstances, options, patiently } from '../../snapshot/rds-calls';
import { InstanceStateError, InstanceTimeLimitError } from './errors';
import { asking } from './faults';
import { LOOK_EVERY_MS, type InstanceSession } from './place';
import type { Modification } from './settings';

/** Every instance of the account in this Region, as tags can't be searched for. */
export async function everyInstance(session: InstanceSession): Promise<DBInstance[]> {
  return await asking('the instances could not be listed', () => listInstances(session));
}

/** A manual or an automated one; undefined when there is none. */
export async function anySnapshot(
  session: InstanceSession,
  identifier: string,
): Promise<DBSnapshot | undefined> {
  try {
    const { DBSnapshots } = await patiently(session, () =>
      session.rds.send(
        new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: identifier }),
        options(session),
      ),
    );
    return DBSnapshots?.[0];
  } catch (error) {
    if (isFault(error, 'DBSnapshotNotFound')) return undefined;
    return await asking(`snapshot ${identifier} could not be read`, () => Promise.reject(error as Error));
  }
}

export async function restoreFromSnapshot(
  session: InstanceSession,
  request: RestoreDBInstanceFromDBSnapshotMessage,
): Promise<void> {
  await asking(`snapshot ${request.DBSnapshotIdentifier} could not be restored`, () =>
    patiently(session, () =>
      session.rds.send(new RestoreDBInstanceFromDBSnapshotCommand(request), options(session)),
    ),
  );
}

export async function restoreToPointInTime(
  session: InstanceSession,
  request: RestoreDBInstanceToPointInTimeMessage,
): Promise<void> {
  await asking('the point in time could not be restored', () =>
    patiently(session, () =>
      session.rds.send(new RestoreDBInstanceToPointInTimeCommand(request), options(session)),
    ),
  );
}

/** Now, and not in the next maintenance window. An instance that has just become busy is waited for. */
export async function modify(
  session: InstanceSession,
  instance: string,
  modification: Modification,
  doing = `${instance} could not be modified`,
): Promise<void> {
  await whenNotBusy(session, doing, () =>
    session.rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: instance,
        ApplyImmediately: true,
        ...modification,
      }),
      options(session),
    ),
  );
}

export async function reboot(session: InstanceSession, instance: string): Promise<void> {
  await whenNotBusy(session, `${instance} could not be rebooted`, () =>
    session.rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: instance }), options(session)),
  );
}

export async function addTags(session: InstanceSession, instance: DBInstance, tags: Tag[]): Promise<void> {
  await asking(`${instance.DBInstanceIdentifier} could not be tagged`, () =>
    patiently(session, () =>
      session.rds.send(
        new AddTagsToResourceCommand({ ResourceName: instance.DBInstanceArn, Tags: tags }),
        options(session),
      ),
    ),
  );
}

export async function removeTags(
  session: InstanceSession,
  instance: DBInstance,
  keys: readonly string[],
): Promise<void> {
  await asking(`the tags of ${instance.DBInstanceIdentifier} could not be removed`, () =>
    patiently(session, () =>
      session.rds.send(
        new RemoveTagsFromResourceCommand({ ResourceName: instance.DBInstanceArn, TagKeys: [...keys] }),
        options(session),
      ),
    ),
  );
}

/** @param finalSnapshot its name; undefined: nothing of the instance is kept, its automated backups neither */
export async function deleteInstance(
  session: InstanceSession,
  instance: string,
  finalSnapshot: string | undefined,
): Promise<void> {
  await whenNotBusy(session, `${instance} could not be deleted`, () =>
    session.rds.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: instance,
        ...(finalSnapshot === undefined
          ? { SkipFinalSnapshot: true, DeleteAutomatedBackups: true }
          : {
              SkipFinalSnapshot: false,
              FinalDBSnapshotIdentifier: finalSnapshot,
              DeleteAutomatedBackups: false,
            }),
      }),
      options(session),
    ),
  );
}

/** A look's pause; the end of our time instead, when it is near. */
export async function pause(session: InstanceSession, waitingFor: string): Promise<void> {
  const { clock, deadline, signal } = session;
  if (clock.now().getTime() + LOOK_EVERY_MS > deadline.getTime()) {
    throw new InstanceTimeLimitError(
      `${waitingFor} took longer than ${session.place.limitHours ?? 6} hours, and RDS may still be at it; run the same command again: it goes on where this run stopped`,
    );
  }
  await clock.sleep(LOOK_EVERY_MS, signal);
}

/** How often a call is repeated when RDS says that the instance is busy though we saw that it is not. */
const BUSY_TRIES = 20;

async function whenNotBusy(
  session: InstanceSession,
  doing: string,
  call: () => Promise<unknown>,
): Promise<void> {
  for (let left = BUSY_TRIES; ; left--) {
    try {
      await patiently(session, call);
      return;
    } catch (error) {
      // A name that was given up a moment ago is not free at once either.
      const mayPass = isFault(error, 'InvalidDBInstanceState') || isFault(error, 'DBInstanceAlreadyExists');
      if (!mayPass || left === 0) return await asking(doing, () => Promise.reject(error as Error));
    }
    await pause(session, doing);
  }
}

/** The one instance of that name. @throws InstanceStateError */
export function required(instances: readonly DBInstance[], name: string): DBInstance {
  const found = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === name);
  if (found) return found;
  throw new InstanceStateError(
    `there is no instance "${name}" any more: see with golive restore --list-instances what is there`,
  );
}
