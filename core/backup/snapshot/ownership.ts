import type { DBSnapshot, Tag } from '@aws-sdk/client-rds';
import { MANAGED_BY, SNAPSHOT_TAG } from './tags';

/** Whose snapshots a job makes, adopts and prunes. */
export interface SnapshotOwner {
  readonly environment: string;
  /** RDS's immutable id of the instance (`db-ABC…`). */
  readonly instanceResourceId: string;
}

/** The tags that make a snapshot this job's. */
export function ownerTags(owner: SnapshotOwner, scheduledFor: Date): Tag[] {
  return [
    { Key: SNAPSHOT_TAG.managedBy, Value: MANAGED_BY },
    { Key: SNAPSHOT_TAG.environment, Value: owner.environment },
    { Key: SNAPSHOT_TAG.instanceResourceId, Value: owner.instanceResourceId },
    { Key: SNAPSHOT_TAG.scheduledFor, Value: scheduledFor.toISOString() },
  ];
}

/** Whether this job made the snapshot: every one of its tags is there, and RDS itself names the same instance. */
export function isOurs(snapshot: DBSnapshot, owner: SnapshotOwner): boolean {
  const tags = new Map((snapshot.TagList ?? []).map(({ Key, Value }) => [Key, Value]));
  return (
    snapshot.SnapshotType === 'manual' &&
    snapshot.DbiResourceId === owner.instanceResourceId &&
    tags.get(SNAPSHOT_TAG.managedBy) === MANAGED_BY &&
    tags.get(SNAPSHOT_TAG.environment) === owner.environment &&
    tags.get(SNAPSHOT_TAG.instanceResourceId) === owner.instanceResourceId &&
    tags.has(SNAPSHOT_TAG.scheduledFor)
  );
}
