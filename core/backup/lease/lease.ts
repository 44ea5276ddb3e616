import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { LeaseHeldError, LeaseLostError, LeaseUnavailableError } from './errors';
import { LeaseObject, type Observed } from './lease-object';
import { leaseKey, type LeaseRecord } from './record';

export interface LeaseRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** What is leased, such as `backup/shop`. */
  readonly name: string;
  /** Who asks, for the message that the others get: what runs, for which backup, on which machine. */
  readonly holder: string;
  /**
   * How long it is held after the last renewal, so how long a crash blocks the others, seconds.
   * @default 120
   */
  readonly durationSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @default - the machine's */
  readonly timing?: Timing | undefined;
}

/** How much time has passed here. Never what time it is: that is S3's to say. */
export interface Timing {
  /** Milliseconds since some moment, never set back or forth. */
  elapsed(): number;
  /** Rejects when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const machineTiming: Timing = {
  elapsed: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal && { signal }),
};

const DEFAULT_DURATION_SECONDS = 120;
const ATTEMPTS = 5;

/**
 * Takes a lease, or says who has it. One that has ended is taken over, whatever became of its holder.
 *
 * @throws LeaseHeldError, LeaseUnavailableError, LeaseInvalidError, and the signal's reason
 */
export async function takeLease(request: LeaseRequest): Promise<Lease> {
  const { s3, bucket, name, holder, signal, timing = machineTiming } = request;
  const { durationSeconds = DEFAULT_DURATION_SECONDS } = request;
  const object = new LeaseObject(s3, bucket, leaseKey(name));
  const holderId = randomUUID();
  const firstSent = timing.elapsed();

  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { observed, at } = await object.read(signal);
    if (observed?.record.holderId === holderId) {
      // We had it already: the answer to our write was lost, and the client's second try was turned away.
      return new Lease(object, name, observed.record, observed.etag, firstSent, timing);
    }
    if (observed && !observed.isFree) throw heldBy(name, observed);

    const record: LeaseRecord = {
      leaseVersion: 1,
      holder,
      holderId,
      // By the clock as well, so that it grows even if somebody has removed the object.
      fencingToken: Math.max(
        (observed?.record.fencingToken ?? 0) + 1,
        Math.floor((at?.getTime() ?? 0) / 1000),
      ),
      sequence: 0,
      durationSeconds,
      released: false,
    };
    const sent = timing.elapsed();
    const etag = await object.write(record, observed?.etag, signal);
    if (etag !== undefined) return new Lease(object, name, record, etag, sent, timing);
    await timing.sleep(50 * 2 ** attempt * (1 + Math.random()), signal);
  }
  const { observed } = await object.read(signal);
  if (observed && !observed.isFree && observed.record.holderId !== holderId) throw heldBy(name, observed);
  throw new LeaseUnavailableError(
    `the lease ${name} could not be taken`,
    new Error(`others took it and gave it back ${ATTEMPTS} times while we tried`),
  );
}

/** A lease that we hold, as far as we know. */
export class Lease {
  /** A renewal whose answer has not come: since when, so that we never count on more time than we have. */
  private unanswered: { readonly sequence: number; readonly sent: number } | undefined;

  /** @param heldSince when the write was sent that S3 accepted: S3's own time of it is no earlier */
  constructor(
    private readonly object: LeaseObject,
    readonly name: string,
    private record: LeaseRecord,
    private etag: string,
    private heldSince: number,
    private readonly timing: Timing,
  ) {}

  /**
   * Greater than every earlier holder's, seconds of S3's clock or more. Whatever can compare should refuse a
   * lower one: a holder that was frozen does not know that it has lost the lease.
   */
  get fencingToken(): number {
    return this.record.fencingToken;
  }

  get durationMilliseconds(): number {
    return this.record.durationSeconds * 1000;
  }

  /** For how long nobody else can take it, counted from before the last renewal was sent. Not above 0: it is lost. */
  remainingMilliseconds(): number {
    return this.heldSince + this.durationMilliseconds - this.timing.elapsed();
  }

  /**
   * Holds it for another full duration.
   *
   * @throws LeaseLostError when it is not ours any more; LeaseUnavailableError when S3 did not answer, after
   * which it is still ours until it ends
   */
  async renew(signal?: AbortSignal): Promise<void> {
    const next = { ...this.record, sequence: this.record.sequence + 1 };
    const sent = this.timing.elapsed();
    this.unanswered ??= { sequence: next.sequence, sent };
    const etag = await this.object.write(next, this.etag, signal);
    if (etag !== undefined) return this.accept(next, etag, sent);

    const observed = this.ours((await this.object.read(signal)).observed);
    if (observed.record.sequence === this.record.sequence) {
      throw new LeaseUnavailableError(
        `the lease ${this.name} could not be renewed`,
        new Error('another write to it was under way at that moment'),
      );
    }
    this.accept(observed.record, observed.etag, this.unanswered.sent);
  }

  /**
   * Asks S3 whether it is still ours. To be called just before what cannot be undone: a frozen process does not
   * notice how much time has passed.
   *
   * @throws LeaseLostError, LeaseUnavailableError
   */
  async confirm(signal?: AbortSignal): Promise<void> {
    const { observed } = await this.object.read(signal);
    if (this.ours(observed).isFree) throw new LeaseLostError(this.name, 'it ended before it was renewed');
  }

  /**
   * Gives it back. The object stays, for the fencing token must go on growing.
   *
   * @throws LeaseLostError when there was nothing to give back, LeaseUnavailableError
   */
  async release(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const released = { ...this.record, sequence: this.record.sequence + 1, released: true };
      if ((await this.object.write(released, this.etag)) !== undefined) return;
      // The answer to this write, or to a renewal, may have been lost.
      const { record, etag } = this.ours((await this.object.read()).observed);
      if (record.released) return;
      this.record = record;
      this.etag = etag;
    }
  }

  private accept(record: LeaseRecord, etag: string, sent: number): void {
    this.record = record;
    this.etag = etag;
    this.heldSince = sent;
    this.unanswered = undefined;
  }

  private ours(observed: Observed | undefined): Observed {
    if (!observed) throw new LeaseLostError(this.name, 'somebody removed it');
    const { holder, holderId } = observed.record;
    if (holderId !== this.record.holderId) {
      throw new LeaseLostError(this.name, `it ended before it was renewed, and ${holder} took it`);
    }
    return observed;
  }
}

function heldBy(name: string, { record, endsAt }: Observed): LeaseHeldError {
  return new LeaseHeldError(name, record.holder, endsAt);
}
