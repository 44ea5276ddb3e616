import type { DBInstance, Tag } from '@aws-sdk/client-rds';
import { SNAPSHOT_TAG } from '../snapshot/tags';
import { listInstances, type RdsSession } from '../snapshot/rds-calls';
import { deleteInstance } from './rds-calls';
import { reasonOf } from './stages';

/** The tags of an instance that a drill made. IAM lets a drill delete only what carries them. */
export const DRILL_TAG = {
  environment: SNAPSHOT_TAG.environment,
  /** Always {@link DRILLED_BY}. */
  managedBy: SNAPSHOT_TAG.managedBy,
  /** RDS's immutable id of the live instance. */
  instanceResourceId: SNAPSHOT_TAG.instanceResourceId,
  drillId: 'golive:drill-id',
  /** From this instant on, UTC ISO 8601, nobody needs the instance. */
  expiresAt: 'golive:expires-at',
} as const;

/** Another word than that of backups: nothing that deletes the one ever deletes the other. */
export const DRILLED_BY = 'golive-drill';

/** Whose throw-away instances. */
export interface DrillOwner {
  readonly environment: string;
  /** What the live instance is called. */
  readonly instanceIdentifier: string;
  /** RDS's immutable id of it. */
  readonly dbiResourceId: string;
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html */
const MAXIMUM_NAME = 63;

/** `golive-prod-drill-20261123t030000z-4f2a9c01`, with the live name cut, never the id, to what RDS takes. */
export function throwAwayName(liveIdentifier: string, drillId: string): string {
  const suffix = `-drill-${drillId.toLowerCase()}`;
  const stem = liveIdentifier.toLowerCase().slice(0, MAXIMUM_NAME - suffix.length);
  return `${stem.replace(/-+$/, '')}${suffix}`;
}

export function throwAwayTags(owner: DrillOwner, drillId: string, expiresAt: Date): Tag[] {
  return [
    { Key: DRILL_TAG.managedBy, Value: DRILLED_BY },
    { Key: DRILL_TAG.environment, Value: owner.environment },
    { Key: DRILL_TAG.instanceResourceId, Value: owner.dbiResourceId },
    { Key: DRILL_TAG.drillId, Value: drillId },
    { Key: DRILL_TAG.expiresAt, Value: expiresAt.toISOString() },
  ];
}

/**
 * Whether a drill of this environment made the instance, and nobody needs it any more. Every tag counts, and the
 * name: an instance that somebody restored from a copy of a drill's, or adopted by another name, is theirs.
 */
export function isExpired(instance: DBInstance, owner: DrillOwner, now: Date): boolean {
  const tags = new Map((instance.TagList ?? []).map(({ Key, Value }) => [Key, Value]));
  const expiresAt = Date.parse(tags.get(DRILL_TAG.expiresAt) ?? '');
  const drillId = tags.get(DRILL_TAG.drillId);
  return (
    tags.get(DRILL_TAG.managedBy) === DRILLED_BY &&
    tags.get(DRILL_TAG.environment) === owner.environment &&
    tags.get(DRILL_TAG.instanceResourceId) === owner.dbiResourceId &&
    drillId !== undefined &&
    instance.DBInstanceIdentifier === throwAwayName(owner.instanceIdentifier, drillId) &&
    instance.DbiResourceId !== owner.dbiResourceId &&
    // Somebody wants to keep it.
    instance.DeletionProtection !== true &&
    expiresAt <= now.getTime()
  );
}

/**
 * Deletes the throw-away instances whose time is over, as a drill that was killed leaves them. One that cannot be
 * deleted now is told, and tried again by the next run.
 *
 * @returns what was done, for people
 */
export async function sweepThrowAwayInstances(session: RdsSession, owner: DrillOwner): Promise<string[]> {
  const remarks: string[] = [];
  const now = session.clock.now();
  for (const instance of await listInstances(session)) {
    const { DBInstanceIdentifier: identifier, DBInstanceStatus: status } = instance;
    if (identifier === undefined || status === 'deleting' || !isExpired(instance, owner, now)) continue;
    try {
      const outcome = await deleteInstance(session, identifier);
      remarks.push(
        outcome === 'busy'
          ? `${identifier}, which an earlier drill left, is ${status} and could not be deleted; the next drill tries again`
          : `${identifier}, which an earlier drill left, is being deleted`,
      );
    } catch (error) {
      remarks.push(
        `${identifier}, which an earlier drill left, could not be deleted: ${reasonOf(error)}; allow the role rds:DeleteDBInstance on it, or delete it by hand`,
      );
    }
  }
  return remarks;
}
