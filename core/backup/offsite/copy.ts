import type { DBSnapshot, Tag } from '@aws-sdk/client-rds';
import { isOurs, ownerTags } from '../snapshot/ownership';
import { MANAGED_BY, SNAPSHOT_TAG } from '../snapshot/tags';

/** RDS takes this many tags. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html */
const MAX_TAGS = 50;

/** A snapshot that our snapshot function made, and that can be copied. */
export interface SourceSnapshot {
  readonly identifier: string;
  readonly arn: string;
  /** RDS's immutable id of the instance (`db-ABC…`). */
  readonly instanceResourceId: string;
  /** The instant that the schedule meant. */
  readonly scheduledFor: Date;
  /** When the data was captured, by RDS's clock. */
  readonly capturedAt: Date;
  /** What else it is tagged with, such as by a person. */
  readonly otherTags: readonly Tag[];
}

/** A copy that we made, in whatever state. */
export interface SnapshotCopy {
  readonly identifier: string;
  readonly copyOf: string;
  readonly instanceResourceId: string;
  /** When the data was captured, by RDS's clock; undefined for the first moments of a copy. */
  readonly capturedAt: Date | undefined;
  /** In RDS's word, such as `available`. */
  readonly status: string;
  readonly encryptedWith: string | undefined;
}

/**
 * What a copy is called: by what it copies, so that two runs at once mean the same copy. RDS has no idempotency token
 * for copies, so the name is one. The ending keeps it apart from a snapshot that the same platform makes by itself
 * in this Region, once it runs there. Far from RDS's 255 characters, for an instance's name has at most 63.
 */
export function copyIdentifier(sourceIdentifier: string): string {
  return `${sourceIdentifier}-copy`;
}

/** Reads a snapshot as one of ours that is complete; undefined for every other. */
export function sourceOf(snapshot: DBSnapshot, environment: string): SourceSnapshot | undefined {
  const {
    DBSnapshotIdentifier: identifier,
    DBSnapshotArn: arn,
    DbiResourceId: instanceResourceId,
  } = snapshot;
  const capturedAt = snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime;
  if (!identifier || !arn || !instanceResourceId || !capturedAt || snapshot.Status !== 'available') {
    return undefined;
  }
  if (!isOurs(snapshot, { environment, instanceResourceId })) return undefined;
  const tags = tagsOf(snapshot);
  // What was copied into this Region is a copy, and not to be copied on.
  if (tags.has(SNAPSHOT_TAG.copyOf)) return undefined;
  const scheduledFor = new Date(tags.get(SNAPSHOT_TAG.scheduledFor) ?? '');
  if (Number.isNaN(scheduledFor.getTime())) return undefined;
  const own = new Set<string>(Object.values(SNAPSHOT_TAG));
  return {
    identifier,
    arn,
    instanceResourceId,
    scheduledFor,
    capturedAt,
    // AWS's own tags cannot be set by anybody else.
    otherTags: (snapshot.TagList ?? []).filter(({ Key = '' }) => !own.has(Key) && !Key.startsWith('aws:')),
  };
}

/** What a copy is tagged with: all that its source is, and what it was made of. */
export function copyTags(source: SourceSnapshot, environment: string): Tag[] {
  return [
    ...ownerTags({ environment, instanceResourceId: source.instanceResourceId }, source.scheduledFor),
    { Key: SNAPSHOT_TAG.copyOf, Value: source.arn },
    ...source.otherTags,
  ].slice(0, MAX_TAGS);
}

/**
 * Reads a snapshot as a copy that we made of this environment; undefined for every other. By its tags alone: nothing
 * says that RDS goes on telling the instance's resource id in another Region.
 */
export function copyOf(snapshot: DBSnapshot, environment: string): SnapshotCopy | undefined {
  const tags = tagsOf(snapshot);
  const identifier = snapshot.DBSnapshotIdentifier;
  const source = tags.get(SNAPSHOT_TAG.copyOf);
  const instanceResourceId = tags.get(SNAPSHOT_TAG.instanceResourceId);
  if (!identifier || !source || !instanceResourceId || snapshot.SnapshotType !== 'manual') return undefined;
  if (tags.get(SNAPSHOT_TAG.managedBy) !== MANAGED_BY) return undefined;
  if (tags.get(SNAPSHOT_TAG.environment) !== environment) return undefined;
  return {
    identifier,
    copyOf: source,
    instanceResourceId,
    // Without it the age is not known: the time of the copy would make an old snapshot look young.
    capturedAt: snapshot.OriginalSnapshotCreateTime,
    status: snapshot.Status ?? 'unknown',
    encryptedWith: snapshot.Encrypted ? snapshot.KmsKeyId : undefined,
  };
}

function tagsOf({ TagList = [] }: DBSnapshot): Map<string | undefined, string | undefined> {
  return new Map(TagList.map(({ Key, Value }) => [Key, Value]));
}
