import type { DBInstance } from '@aws-sdk/client-rds';
import { isFault } from '../../snapshot/rds-calls';
import { InstanceStateError } from './errors';
import { finalSnapshotName } from './mark';
import { exclusively, sessionOf, type InstancePlace, type InstanceSession } from './place';
import { deleteInstance, everyInstance, modify, pause, required } from './rds';
import { look, ofRestore, survey, type Replaced, type Restored } from './survey';

/** An instance that a restore left, beside the live one or as it. */
export interface InstanceLeft {
  readonly restoreId: string;
  readonly name: string;
  readonly dbiResourceId: string | undefined;
  /**
   * `restoring`, `ready`, `in-place` and `undone`: made by the restore. `replaced`: live until the restore took its
   * place. `half-swapped`: the restore was to take a place that nobody has at the moment, so clients have no database.
   */
  readonly state: 'restoring' | 'ready' | 'in-place' | 'undone' | 'replaced' | 'half-swapped';
  /** What was restored; undefined of a replaced one. */
  readonly source: string | undefined;
  readonly since: Date;
  /** RDS's word, such as `available`. */
  readonly status: string;
}

/** What restores left, oldest first; the one that is in place is among it. */
export async function listInstances(place: InstancePlace): Promise<InstanceLeft[]> {
  const found = await look(sessionOf(place, place.signal));
  const restored = found.restored.map((one) => ({
    ...leftBy(one),
    state: stateOf(one),
    source: one.mark.source,
  }));
  // One that bears its mark and still has the live name is not replaced yet.
  const replaced = found.replaced
    .filter(({ name }) => name !== place.instanceIdentifier)
    .map((one) => ({ ...leftBy(one), state: 'replaced' as const, source: undefined }));
  return [...restored, ...replaced].sort((a, b) => a.since.getTime() - b.since.getTime());

  function stateOf({ name, mark }: Restored): InstanceLeft['state'] {
    if (name === place.instanceIdentifier) return 'in-place';
    const setAside = found.replaced.some((one) => one.mark.restoreId === mark.restoreId);
    return setAside && !found.live ? 'half-swapped' : mark.state;
  }
}

/** What becomes of an instance that is discarded. */
export interface DiscardedInstance {
  readonly name: string;
  /** The snapshot that keeps what it held; undefined when nothing is kept. */
  readonly finalSnapshot: string | undefined;
}

/**
 * Deletes what a restore left: what it made, unless that is live, and what it set aside, of which a last snapshot is
 * kept, for it was written to until the very swap. Nothing without our tags is deleted, and never the live one.
 *
 * @returns what RDS is deleting now, which takes it some minutes
 * @throws LeaseHeldError; InstanceStateError when that restore left nothing, or a swap stands half-way; RdsQuotaError
 */
export async function discardInstance(
  place: InstancePlace,
  restoreId: string,
): Promise<readonly DiscardedInstance[]> {
  return await exclusively(place, async (session) => {
    const found = await survey(session);
    const { restored, replaced } = ofRestore(found, restoreId);
    const isBeside = (one: Restored | Replaced | undefined): one is Restored | Replaced =>
      one !== undefined && one.name !== place.instanceIdentifier;
    if (!found.live && (restored || replaced)) {
      throw new InstanceStateError(
        `there is no live instance "${place.instanceIdentifier}", so what restore ${restoreId} left may be all there is: put it in place or take it back first (--swap-instance, --undo-instance)`,
      );
    }
    const discarded: DiscardedInstance[] = [];
    if (isBeside(restored)) discarded.push(await discard(session, restored, undefined));
    if (isBeside(replaced)) {
      const finalSnapshot = finalSnapshotName(place.instanceIdentifier, restoreId);
      discarded.push(await discard(session, replaced, finalSnapshot));
    }
    if (discarded.length > 0) return discarded;
    throw new InstanceStateError(
      `restore ${restoreId} left no instance beside "${place.instanceIdentifier}": list what is there with golive restore --list-instances`,
    );
  });
}

async function discard(
  session: InstanceSession,
  { name, instance }: Restored | Replaced,
  finalSnapshot: string | undefined,
): Promise<DiscardedInstance> {
  session.progress('delete', name, instance.DBInstanceStatus);
  await deleteUnprotected(session, instance, finalSnapshot);
  return { name, finalSnapshot };
}

/** Deletion protection is the live one's; who deletes has been asked. */
export async function deleteUnprotected(
  session: InstanceSession,
  { DBInstanceIdentifier: name = '', DeletionProtection }: DBInstance,
  finalSnapshot: string | undefined,
): Promise<void> {
  if (DeletionProtection) {
    await modify(session, name, { DeletionProtection: false });
    await untilUnprotected(session, name);
  }
  try {
    await deleteInstance(session, name, finalSnapshot);
  } catch (error) {
    // Deleted by a run whose answer was lost.
    if (!(error instanceof Error && isFault(error.cause, 'DBInstanceNotFound'))) throw error;
  }
}

async function untilUnprotected(session: InstanceSession, name: string): Promise<void> {
  for (;;) {
    const instances = await everyInstance(session);
    const { DeletionProtection, DBInstanceStatus } = required(instances, name);
    if (!DeletionProtection) return;
    session.progress('wait', name, DBInstanceStatus);
    await pause(session, `lifting the deletion protection of ${name}`);
  }
}

function leftBy({ name, instance, mark }: Restored | Replaced) {
  return {
    restoreId: mark.restoreId,
    name,
    dbiResourceId: instance.DbiResourceId,
    since: new Date(mark.since),
    status: instance.DBInstanceStatus ?? 'unknown',
  };
}
