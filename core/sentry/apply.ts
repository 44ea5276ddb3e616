import { GoLiveError } from '../shared/errors';
import { inParallel } from '../shared/in-parallel';
import { counted } from '../shared/units';
import { SentryUnauthorizedError } from './api/errors';
import { type Plan, type PlannedChange, subjectOf } from './plan';
import type { Kind, Resource } from './resource';

/** How one kind of thing is made, changed and deleted. Settings are neither made nor deleted. */
export interface Door {
  readonly create?: (desired: Resource) => Promise<string>;
  readonly update: (id: string, desired: Resource) => Promise<void>;
  readonly delete?: (id: string) => Promise<void>;
}

export type Doors = Readonly<Record<Kind, Door>>;

export interface Outcome {
  readonly change: PlannedChange;
  /** `not tried`: what failed before would have failed this one, too, or somebody stopped it. */
  readonly outcome: 'done' | 'failed' | 'not tried';
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ApplyReport {
  /** In the plan's order. */
  readonly outcomes: readonly Outcome[];
}

/** Not everything that was planned was done. What was done stays done. */
export class SentryNotAppliedError extends GoLiveError {
  readonly code = 'SentryNotAppliedError';
}

/** How many changes are under way at once. */
const CONCURRENCY = 4;

/**
 * Carries out a plan as far as it goes: each change stands for itself, so one that fails stops no other. Deletions
 * come last, so that nothing is unwatched in between. A second run finds what is left to do.
 *
 * @throws what ends all of it: somebody stopped it
 */
export async function applyPlan(
  { changes }: Plan,
  doors: Doors,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<ApplyReport> {
  const outcomes = new Map<PlannedChange, Outcome>();
  let isHopeless = false;
  const carryOut = async (change: PlannedChange) => {
    if (isHopeless) return void outcomes.set(change, { change, outcome: 'not tried' });
    try {
      await through(doors[subjectOf(change).kind], change);
      outcomes.set(change, { change, outcome: 'done' });
    } catch (error) {
      if (!(error instanceof GoLiveError)) throw error;
      // Without a token that Sentry knows nothing else will go better.
      isHopeless ||= error instanceof SentryUnauthorizedError;
      const { code, message } = error;
      outcomes.set(change, { change, outcome: 'failed', error: { code, message } });
    }
    onProgress(outcomes.size, changes.length);
  };
  for (const phase of [changes.filter(isNoDeletion), changes.filter((change) => !isNoDeletion(change))]) {
    await inParallel(phase, CONCURRENCY, carryOut);
  }
  return { outcomes: changes.map((change) => outcomes.get(change) ?? { change, outcome: 'not tried' }) };
}

/** @throws SentryNotAppliedError unless everything was done */
export function requireApplied({ outcomes }: ApplyReport): void {
  const open = outcomes.filter(({ outcome }) => outcome !== 'done');
  if (open.length === 0) return;
  const named = open
    .slice(0, 3)
    .map(({ change, error }) => `${subjectOf(change).name}${error ? ` (${error.code})` : ''}`);
  throw new SentryNotAppliedError(
    `${counted(open.length, 'change')} of ${outcomes.length} not done: ${named.join(', ')}${open.length > 3 ? ' …' : ''}; mend what the lines above say and run golive sentry apply again, which goes on from here`,
  );
}

function isNoDeletion({ action }: PlannedChange): boolean {
  return action !== 'delete';
}

async function through(door: Door, change: PlannedChange): Promise<void> {
  switch (change.action) {
    case 'create':
      await needed(door.create, change)(change.desired);
      return;
    case 'update':
      return await door.update(change.actual.id, change.desired);
    case 'delete':
      return await needed(door.delete, change)(change.actual.id);
  }
}

function needed<T>(way: T | undefined, change: PlannedChange): T {
  if (way !== undefined) return way;
  throw new TypeError(`nothing can ${change.action} a ${subjectOf(change).kind}`);
}
