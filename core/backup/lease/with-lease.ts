import { LeaseLostError } from './errors';
import { machineTiming, takeLease, type Lease, type LeaseRequest, type Timing } from './lease';

export interface WithLeaseRequest extends LeaseRequest {
  /** Told of what went wrong with the lease and did no harm. */
  readonly log?: { warn(message: string, fields: Record<string, unknown>): void } | undefined;
}

/**
 * Works under a lease: takes it, renews it while the work runs, gives it back. If it is lost the work's signal is
 * aborted; the work is waited for, and whatever it says of its end, the answer is `LeaseLostError`.
 *
 * Before what cannot be undone the work calls `lease.confirm()`.
 *
 * @throws LeaseHeldError, LeaseUnavailableError, LeaseInvalidError before the work begins; LeaseLostError; and
 * what the work throws
 */
export async function withLease<Result>(
  request: WithLeaseRequest,
  work: (lease: Lease, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { signal, timing = machineTiming, log } = request;
  const lease = await takeLease(request);
  const lost = new AbortController();
  const ended = new AbortController();
  const lose = (reason: LeaseLostError): void => lost.abort(reason);
  const keeping = Promise.all([
    keepRenewed(lease, timing, AbortSignal.any([ended.signal, lost.signal]), lose, log),
    watchEnd(lease, timing, AbortSignal.any([ended.signal, lost.signal]), lose),
  ]);
  const outcome = await settled(() =>
    work(lease, AbortSignal.any([lost.signal, ...(signal ? [signal] : [])])),
  );
  ended.abort();
  await keeping;

  const loss = lost.signal.aborted ? (lost.signal.reason as LeaseLostError) : await giveBack(lease, log);
  if (loss) {
    const cause = 'error' in outcome && outcome.error !== loss ? outcome.error : loss.cause;
    throw new LeaseLostError(lease.name, loss.why, { cause });
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

async function settled<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result } | { readonly error: unknown }> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}

/** A third of the duration leaves two more tries before the end. */
async function keepRenewed(
  lease: Lease,
  timing: Timing,
  signal: AbortSignal,
  lose: (reason: LeaseLostError) => void,
  log: WithLeaseRequest['log'],
): Promise<void> {
  let pause = lease.durationMilliseconds / 3;
  while (await slept(timing, pause, signal)) {
    try {
      await lease.renew(signal);
      pause = lease.durationMilliseconds / 3;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof LeaseLostError) return lose(error);
      log?.warn('the lease could not be renewed and will be tried again', {
        lease: lease.name,
        remainingMilliseconds: lease.remainingMilliseconds(),
        error: error instanceof Error ? error.message : String(error),
      });
      pause = lease.durationMilliseconds / 10;
    }
  }
}

/** Says that it is lost when it ends, even while a renewal hangs. */
async function watchEnd(
  lease: Lease,
  timing: Timing,
  signal: AbortSignal,
  lose: (reason: LeaseLostError) => void,
): Promise<void> {
  while (lease.remainingMilliseconds() > 0) {
    if (!(await slept(timing, lease.remainingMilliseconds(), signal))) return;
  }
  lose(new LeaseLostError(lease.name, 'S3 did not renew it in time'));
}

/** @returns false when the signal ended the sleep */
async function slept(timing: Timing, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await timing.sleep(milliseconds, signal);
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/**
 * Never hides how the work ended, for a lease that is not given back ends by itself. Only that it was lost
 * meanwhile, unnoticed by a process that was frozen, is told.
 */
async function giveBack(lease: Lease, log: WithLeaseRequest['log']): Promise<LeaseLostError | undefined> {
  try {
    await lease.release();
  } catch (error) {
    if (error instanceof LeaseLostError) return error;
    log?.warn('the lease could not be given back; it ends by itself', {
      lease: lease.name,
      afterMilliseconds: lease.remainingMilliseconds(),
      error: error instanceof Error ? error.message : String(error),
    });
  }
  return undefined;
}
