import { hostname } from 'node:os';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { withLease } from '../../lease';
import { systemClock, type Clock } from '../../snapshot/clock';
import type { RdsSession } from '../../snapshot/rds-calls';

/** The instance that is restored, and who holds the restore. */
export interface InstancePlace {
  readonly rds: RDSClient;
  readonly s3: S3Client;
  /** The vault: the lease that keeps a second restore out lies in it. */
  readonly bucket: string;
  /** The live database's name: a restore of it into a database and one into an instance keep each other out. */
  readonly database: string;
  /** The live instance's name. It may have been deleted. */
  readonly instanceIdentifier: string;
  readonly signal?: AbortSignal | undefined;
  /** How long a killed restore keeps the next one waiting. @default 60 */
  readonly leaseSeconds?: number | undefined;
  /** How long RDS is waited for in all, hours. RDS goes on after it, and so does the next run. @default 6 */
  readonly limitHours?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly onProgress?: ((progress: InstanceProgress) => void) | undefined;
}

export interface InstanceProgress {
  readonly stage:
    | 'safety-snapshot'
    | 'restore'
    | 'wait'
    | 'modify'
    | 'reboot'
    | 'login'
    | 'reset-password'
    | 'set-aside'
    | 'take-place'
    | 'delete';
  /** What is waited for, and what RDS says of it, such as `creating`. */
  readonly instance?: string;
  readonly status?: string;
  /** Since the command began, milliseconds. */
  readonly elapsedMilliseconds: number;
}

/** How often RDS is looked at. Its own events come no finer. */
export const LOOK_EVERY_MS = 15_000;

const HOUR_MS = 3_600_000;

export interface InstanceSession extends RdsSession {
  readonly place: InstancePlace;
  progress(stage: InstanceProgress['stage'], instance?: string, status?: string): void;
}

export function sessionOf(place: InstancePlace, signal: AbortSignal | undefined): InstanceSession {
  const { rds, clock = systemClock, limitHours = 6, onProgress } = place;
  const began = clock.now().getTime();
  return {
    place,
    rds,
    clock,
    signal,
    deadline: new Date(began + limitHours * HOUR_MS),
    progress: (stage, instance, status) =>
      onProgress?.({
        stage,
        ...(instance !== undefined && { instance }),
        ...(status !== undefined && { status }),
        elapsedMilliseconds: clock.now().getTime() - began,
      }),
  };
}

/**
 * One restore at a time, whichever way.
 *
 * @throws LeaseHeldError, LeaseUnavailableError, LeaseLostError; what the work throws
 */
export async function exclusively<T>(
  place: InstancePlace,
  work: (session: InstanceSession) => Promise<T>,
): Promise<T> {
  const { s3, bucket, database, leaseSeconds = 60, signal } = place;
  return await withLease(
    {
      s3,
      bucket,
      name: `restore/${database}`,
      holder: `restore of an instance, process ${process.pid} on ${hostname()}`,
      durationSeconds: leaseSeconds,
      signal,
    },
    (_lease, held) => work(sessionOf(place, held)),
  );
}
