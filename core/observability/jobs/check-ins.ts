import { randomUUID } from 'node:crypto';
import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import type { SentryDsn } from './current-sentry-dsn';
import { type OnceLogger, sayOnceTo } from './say-once';
import { type CheckIn, checkInRequest, type CheckInRequest } from './sentry-check-in';
import { errorCode, toError } from './thrown';

/** The longest that one check-in may take, reading the DSN included. */
const LONGEST_MS = 1_000;

/** With less time than this none is begun: it would be given up on the way. */
const SHORTEST_MS = 200;

/** The cron monitor of a job's schedule, and what it takes to report to it. */
export interface Monitor {
  /** `golive-prod-backup-dump`, as `monitorSlug` makes it. */
  readonly slug: string;
  /** Such as `prod`. */
  readonly environment: string;
  /** Of the secret that holds the DSN. */
  readonly dsnSecretName: string;
}

/**
 * What a job tells of its run: that it begins and how it ended; how it ended; only that it failed; or nothing, because
 * no schedule asked for it.
 */
export type Reporting = 'begin-and-end' | 'end' | 'failure' | 'nothing';

export interface CheckIns {
  /**
   * Tells Sentry that a run has begun, beside the run itself.
   *
   * @param monitor undefined where the job has none
   * @param timeLeftMs what the run has for it. @default as long as a check-in may take
   * @returns undefined when no monitor waits for this one
   */
  begin(monitor: Monitor | undefined, reporting: Reporting, timeLeftMs?: number): Run | undefined;
}

/** One run of a job. */
export interface Run {
  /** Tells how it ended and waits until Sentry has it, a second at most. Never throws. */
  end(status: 'ok' | 'error', timeLeftMs?: number): Promise<void>;
}

export interface CheckInOptions {
  readonly logger: OnceLogger;
  readonly currentDsn: SentryDsn;
}

/**
 * Reports runs to Sentry's cron monitors, without its SDK. Off while there is no DSN. A check-in is an extra: it is tried
 * once, it fails no run, and each kind of its own failures is warned of once.
 */
export function createCheckIns({ logger, currentDsn }: CheckInOptions): CheckIns {
  const sayOnce = sayOnceTo(logger);
  const send = async (secretName: string, checkIn: CheckIn, timeLeftMs: number, abandoned?: AbortSignal) => {
    if (timeLeftMs < SHORTEST_MS) return;
    const timeout = AbortSignal.timeout(Math.min(timeLeftMs, LONGEST_MS));
    const signal = abandoned ? AbortSignal.any([abandoned, timeout]) : timeout;
    try {
      const dsn = await beforeAborted(signal, currentDsn(secretName));
      if (dsn === undefined) return;
      const statusCode = await post(checkInRequest(dsn, checkIn), signal);
      if (statusCode < 200 || statusCode > 299) {
        sayOnce('warn', 'Sentry did not take a check-in of this job', { statusCode });
      }
    } catch (failure) {
      if (abandoned?.aborted) return;
      // The code alone: a message may hold the address that the DSN is made of.
      const reason = timeout.aborted ? 'TimeoutError' : codeOf(failure);
      sayOnce('warn', 'a check-in of this job did not reach Sentry', { reason });
    }
  };

  return {
    begin(monitor, reporting, timeLeftMs = LONGEST_MS) {
      if (monitor === undefined || reporting === 'nothing') return undefined;
      const { slug: monitorSlug, environment, dsnSecretName } = monitor;
      // Not Lambda's request id, which is the same when it tries again: Sentry changes no check-in that has ended.
      const run = { id: randomUUID(), monitorSlug, environment };
      const begun = performance.now();
      const ended = new AbortController();
      if (reporting === 'begin-and-end') {
        void send(dsnSecretName, { ...run, status: 'in_progress' }, timeLeftMs, ended.signal);
      }
      return {
        async end(status, timeLeftAtEndMs = LONGEST_MS) {
          // What has not been answered by now says nothing more: Sentry takes an end without a beginning.
          ended.abort();
          if (status === 'ok' && reporting === 'failure') return;
          const durationSeconds = (performance.now() - begun) / 1000;
          const duration = reporting === 'begin-and-end' ? { durationSeconds } : {};
          await send(dsnSecretName, { ...run, status, ...duration }, timeLeftAtEndMs);
        },
      };
    },
  };
}

function codeOf(failure: unknown): string {
  // Not by `instanceof`: Node's own errors may be another realm's.
  return typeof failure === 'object' && failure !== null ? errorCode(failure as Error) : 'UnknownError';
}

/** The promise's value, unless the signal comes first. A late failure has nobody left to tell. */
function beforeAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(toError(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}

/** @returns the answer's status */
function post({ url, headers, body }: CheckInRequest, signal: AbortSignal): Promise<number> {
  const request = url.protocol === 'https:' ? requestByHttps : requestByHttp;
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept open does not outlive the freeze between two invocations.
    request(url, { method: 'POST', headers, signal, agent: false }, (response) => {
      response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    })
      .on('error', reject)
      .end(body);
  });
}
