import type { DBInstance, Tag } from '@aws-sdk/client-rds';
import * as z from 'zod';
import { SNAPSHOT_TAG } from '../../snapshot/tags';

/**
 * What a restore writes on the instances themselves, so that after a kill nothing else is needed to go on or to go
 * back. A tag stays with its instance when that is renamed; names say who is live. One instance may bear both kinds:
 * restored by one restore, and replaced by the next.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
 */
export const INSTANCE_TAG = {
  restoreId: 'golive:restore-id',
  /** The live instance's name. */
  restoreOf: 'golive:restore-of',
  /** The snapshot's id, or `point-in-time:<resource id>@<instant>`. */
  source: 'golive:restore-source',
  since: 'golive:restore-since',
  state: 'golive:restore-state',
  /** The restore that took its place. */
  replacedBy: 'golive:replaced-by',
  replacedOf: 'golive:replaced-of',
  replacedSince: 'golive:replaced-since',
} as const;

/**
 * `restoring`: not proven to be as it must be. `ready`: it may be put in place. `in-place`: it was, and all of the
 * swap is done. `undone`: in place and out again.
 */
const RestoreState = z.enum(['restoring', 'ready', 'in-place', 'undone']);
export type RestoreState = z.output<typeof RestoreState>;

const Id = z.string().regex(/^[a-z0-9]{1,32}$/);

/** On an instance that a restore made. */
export const RestoredMark = z.strictObject({
  restoreId: Id,
  live: z.string().min(1),
  source: z.string().min(1),
  since: z.iso.datetime(),
  state: RestoreState,
});
export type RestoredMark = z.output<typeof RestoredMark>;

/** On the live instance that a restore sets aside: before it is renamed, and until it comes back. */
export const ReplacedMark = z.strictObject({
  restoreId: Id,
  live: z.string().min(1),
  since: z.iso.datetime(),
});
export type ReplacedMark = z.output<typeof ReplacedMark>;

/** Foreign or half-written tags are no mark. */
export function restoredMark(instance: DBInstance): RestoredMark | undefined {
  const { restoreId, restoreOf: live, source, since, state } = INSTANCE_TAG;
  return parsed(RestoredMark, instance, { restoreId, live, source, since, state });
}

export function replacedMark(instance: DBInstance): ReplacedMark | undefined {
  const { replacedBy: restoreId, replacedOf: live, replacedSince: since } = INSTANCE_TAG;
  return parsed(ReplacedMark, instance, { restoreId, live, since });
}

export function tagsOfRestored(mark: RestoredMark): Tag[] {
  return [
    { Key: INSTANCE_TAG.restoreId, Value: mark.restoreId },
    { Key: INSTANCE_TAG.restoreOf, Value: mark.live },
    { Key: INSTANCE_TAG.source, Value: mark.source },
    { Key: INSTANCE_TAG.since, Value: mark.since },
    { Key: INSTANCE_TAG.state, Value: mark.state },
  ];
}

export function tagsOfReplaced(mark: ReplacedMark): Tag[] {
  return [
    { Key: INSTANCE_TAG.replacedBy, Value: mark.restoreId },
    { Key: INSTANCE_TAG.replacedOf, Value: mark.live },
    { Key: INSTANCE_TAG.replacedSince, Value: mark.since },
  ];
}

export const REPLACED_KEYS: readonly string[] = [
  INSTANCE_TAG.replacedBy,
  INSTANCE_TAG.replacedOf,
  INSTANCE_TAG.replacedSince,
];

const NOT_TO_KEEP: ReadonlySet<string | undefined> = new Set([
  ...Object.values(INSTANCE_TAG),
  // On a snapshot of ours, and of it alone.
  SNAPSHOT_TAG.managedBy,
  SNAPSHOT_TAG.instanceResourceId,
  SNAPSHOT_TAG.scheduledFor,
]);

/** The tags that a new instance takes over: not those of restores, nor AWS's own (`aws:…`), which nobody may give. */
export function tagsToKeep(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(
    tags.flatMap(({ Key, Value = '' }) =>
      Key === undefined || Key.startsWith('aws:') || NOT_TO_KEEP.has(Key) ? [] : [[Key, Value]],
    ),
  );
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html */
const MAXIMUM_NAME_LENGTH = 63;

/** `<live>-restore-<id>`, with the live name cut, never the id, to stay within 63 characters. */
export function instanceName(live: string, kind: 'restore' | 'replaced', restoreId: string): string {
  const suffix = `-${kind}-${restoreId}`;
  return live.slice(0, MAXIMUM_NAME_LENGTH - suffix.length).replace(/-+$/, '') + suffix;
}

/** Of the live instance before it is set aside. By the hour, so that a killed run's is found, and not yesterday's. */
export function safetySnapshotName(live: string, restoreId: string, now: Date): string {
  return `${live}-before-${restoreId}-${now.toISOString().slice(0, 13).replace(/\D/g, '')}`;
}

/** Of an instance that was set aside, when it is deleted. */
export function finalSnapshotName(live: string, restoreId: string): string {
  return `${live}-final-${restoreId}`;
}

function parsed<T>(
  schema: z.ZodType<T>,
  { TagList = [] }: DBInstance,
  keys: Record<string, string>,
): T | undefined {
  const tags = new Map(TagList.map(({ Key, Value }) => [Key, Value]));
  const result = schema.safeParse(
    Object.fromEntries(Object.entries(keys).map(([field, key]) => [field, tags.get(key)])),
  );
  return result.success ? result.data : undefined;
}
