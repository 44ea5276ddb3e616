import { groupBy } from '../shared/group-by';
import { changesBetween, type FieldChange } from './diff';
import { type ActualResource, KINDS, type LeftOut, type Resource } from './resource';

/** What has to be done to one thing. */
export type PlannedChange =
  | { readonly action: 'create'; readonly desired: Resource }
  | {
      readonly action: 'update';
      readonly actual: ActualResource;
      readonly desired: Resource;
      readonly changes: readonly FieldChange[];
    }
  | { readonly action: 'delete'; readonly actual: ActualResource; readonly why: string };

/** What lies between Sentry as it is and as it should be. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  readonly unchanged: readonly ActualResource[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Compares. Only what is ours may be in `actual`: whatever of it is not desired is deleted.
 *
 * @param leftOut what is not desired because something is not configured, to be said
 */
export function planOf(
  desired: readonly Resource[],
  actual: readonly ActualResource[],
  leftOut: readonly LeftOut[],
): Plan {
  const there = groupBy(actual, identity);
  const changes: PlannedChange[] = [];
  const unchanged: ActualResource[] = [];
  for (const resource of desired) {
    const [oldest, ...twins] = [...(there.get(identity(resource)) ?? [])].sort(byAge);
    there.delete(identity(resource));
    if (!oldest) {
      changes.push({ action: 'create', desired: resource });
      continue;
    }
    const fields = changesBetween(oldest.fields, resource.fields);
    if (fields.length === 0) unchanged.push(oldest);
    else changes.push({ action: 'update', actual: oldest, desired: resource, changes: fields });
    for (const twin of twins) {
      changes.push({ action: 'delete', actual: twin, why: `it is there twice: ${oldest.id} stays` });
    }
  }
  for (const left of [...there.values()].flat()) {
    changes.push({
      action: 'delete',
      actual: left,
      why: 'it is ours by its name, and nothing asks for it any more',
    });
  }
  return { changes: changes.sort(inOrder), unchanged, leftOut };
}

/** Whether Sentry is as it should be. */
export function isInSync({ changes }: Plan): boolean {
  return changes.length === 0;
}

export function subjectOf(change: PlannedChange): Resource {
  return change.action === 'delete' ? change.actual : change.desired;
}

function identity({ kind, key }: Resource): string {
  return `${kind} ${key}`;
}

function byAge(one: ActualResource, other: ActualResource): number {
  return one.createdAt === other.createdAt
    ? Number(one.id) - Number(other.id)
    : one.createdAt < other.createdAt
      ? -1
      : 1;
}

/** Deletions last, so that nothing is unwatched in between. */
function inOrder(one: PlannedChange, other: PlannedChange): number {
  const rank = (change: PlannedChange) =>
    (change.action === 'delete' ? KINDS.length : 0) + KINDS.indexOf(subjectOf(change).kind);
  return rank(one) - rank(other);
}
