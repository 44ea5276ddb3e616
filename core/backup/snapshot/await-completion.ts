import { SnapshotFailedError } from './errors';
import { findSnapshot, type RdsSession } from './rds-calls';

const POLL_MS = 15_000;

/** Kept free after the wait: for pruning, which takes about a second a snapshot, and for reporting. */
const AFTERWARDS_MS = 60_000;

/** A snapshot in one of these never becomes one to restore from. */
const DEAD_ENDS: ReadonlySet<string> = new Set([
  'failed',
  'deleting',
  'deleted',
  'error',
  'incompatible-restore',
]);

/** Looks in a row that find nothing before we believe it: RDS may take a moment to show what it just accepted. */
const MISSES = 3;

export interface Completion {
  /** `creating` when the time ran out first: RDS goes on by itself, and the next look will tell. */
  readonly status: 'available' | 'creating';
  /** RDS's own account of the progress, 0 to 100. */
  readonly percentProgress: number;
}

/**
 * Looks until the snapshot is complete or the time is nearly up.
 *
 * @throws SnapshotFailedError when RDS gave it up, or it disappeared
 */
export async function awaitCompletion(session: RdsSession, identifier: string): Promise<Completion> {
  const { clock, deadline, signal } = session;
  for (let misses = 0; ;) {
    const snapshot = await findSnapshot(session, identifier);
    misses = snapshot ? 0 : misses + 1;
    const status = misses >= MISSES ? 'deleted' : (snapshot?.Status ?? 'creating');
    if (status === 'available') return { status, percentProgress: 100 };
    if (DEAD_ENDS.has(status)) {
      throw new SnapshotFailedError(
        `the snapshot ${identifier} ended as ${status} and can't be restored from. Nothing was pruned. Look at the ` +
          `instance's recent events in the RDS console, delete the snapshot, and invoke the function by hand`,
      );
    }
    if (clock.now().getTime() + POLL_MS > deadline.getTime() - AFTERWARDS_MS) {
      return { status: 'creating', percentProgress: snapshot?.PercentProgress ?? 0 };
    }
    await clock.sleep(POLL_MS, signal);
  }
}
