import { GoLiveError } from '../../shared/errors';
import { DeadlineReachedError, DumpAbortedError } from './errors';

/** Time to end pg_dump, give the upload up and report, before the runner is killed. */
export const DEADLINE_MARGIN_MS = 60_000;

export interface Limits {
  /** When the runner will be killed; undefined when nothing kills it. */
  readonly deadline?: Date | undefined;
  /** Whatever else ends the work, such as SIGTERM. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work with a signal that is aborted a margin before the deadline, or when the caller's is. A failure
 * after that is a consequence, and the reason is thrown in its place.
 *
 * @throws DeadlineReachedError, DumpAbortedError, or what `work` throws
 */
export async function untilDeadline<T>(
  { deadline, signal }: Limits,
  now: () => Date,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const reachDeadline = () => over.abort(deadline && deadlineReached(deadline));
  const obey = () => over.abort(asGoLiveError(signal?.reason));
  let timer: NodeJS.Timeout | undefined;
  if (signal?.aborted) obey();
  signal?.addEventListener('abort', obey, { once: true });
  if (deadline) {
    const remainingMs = deadline.getTime() - DEADLINE_MARGIN_MS - now().getTime();
    if (remainingMs <= 0) reachDeadline();
    // A timer can wait 24 days at most; no runner with a deadline lives that long.
    else timer = setTimeout(reachDeadline, remainingMs);
  }
  try {
    over.signal.throwIfAborted();
    return await work(over.signal);
  } catch (error) {
    over.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', obey);
  }
}

function deadlineReached(deadline: Date): DeadlineReachedError {
  return new DeadlineReachedError(
    `the dump was not done ${DEADLINE_MARGIN_MS / 1000} s before its runner ends at ${deadline.toISOString()}, and was given up with nothing left behind; give the function its full 15 minutes and more memory (which brings CPU), or take this database's dumps with the Fargate runner`,
  );
}

function asGoLiveError(reason: unknown): GoLiveError {
  if (reason instanceof GoLiveError) return reason;
  return new DumpAbortedError(
    'the dump was told to stop, and was given up with nothing left behind; run it again when the runner may live long enough',
    { cause: reason },
  );
}
