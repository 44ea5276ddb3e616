import { setTimeout as sleep } from 'node:timers/promises';
import type { SentryDsn } from '../../core/observability/jobs/current-sentry-dsn';
import { type OnceLogger, sayOnceTo } from '../../core/observability/jobs/say-once';
import type { SentrySink } from './sentry-sink';

/** The longest that a report may hold up the failure it reports: reading the DSN, loading the SDK, sending. */
const PATIENCE_MS = 2_500;

export interface ErrorReporter {
  /** Sends the error to Sentry and waits until it has left. Never throws, and does nothing when Sentry is off. */
  report(error: Error, details: ErrorDetails): Promise<void>;
}

export interface ErrorDetails {
  readonly code: string;
  readonly requestId: string;
  /** How long the report may take at most, in milliseconds. */
  readonly timeoutMs: number;
}

export interface ErrorReporterOptions {
  readonly functionName: string;
  readonly logger: OnceLogger;
  readonly currentDsn: SentryDsn;
}

/**
 * Reports errors to Sentry, and costs a cold start nothing: the secret is read and the SDK is loaded when the
 * first error is to be reported, never before. Off without `SENTRY_DSN_SECRET_NAME`, and while the secret holds
 * no DSN, which is said once. Reporting is an extra, so none of its own failures reaches the function: each kind
 * is warned of once.
 */
export function createErrorReporter({
  functionName,
  logger,
  currentDsn,
}: ErrorReporterOptions): ErrorReporter {
  const sayOnce = sayOnceTo(logger);
  let sink: { dsn: string; sink: SentrySink } | undefined;
  return {
    async report(error, { code, requestId, timeoutMs }) {
      const secretName = process.env['SENTRY_DSN_SECRET_NAME'];
      if (!secretName) return;
      const patience = Math.min(timeoutMs, PATIENCE_MS);
      const send = async () => {
        const dsn = await currentDsn(secretName);
        if (dsn === undefined) return true;
        if (sink?.dsn !== dsn) {
          const { createSentrySink } = await import('./sentry-sink');
          sink = { dsn, sink: createSentrySink({ dsn, environment: process.env['GOLIVE_ENVIRONMENT'] }) };
        }
        const tags = { function: functionName, component: componentOf(functionName), code, requestId };
        return sink.sink.send(error, tags, patience);
      };
      try {
        const delivered = await within(patience, send());
        if (!delivered) sayOnce('warn', 'Sentry did not take an error report; the error is in this log');
      } catch (failure) {
        const reason = failure instanceof Error ? `${failure.name}: ${failure.message}` : 'unknown';
        sayOnce('warn', 'an error could not be reported to Sentry; it is in this log', { reason });
      }
    },
  };
}

/** What Sentry's rules look for: `rotation`, whatever is rotated; of all others the capability, such as `backup`. */
function componentOf(functionName: string): string {
  return functionName.startsWith('secrets/rotate-')
    ? 'rotation'
    : (functionName.split('/')[0] ?? functionName);
}

/** The promise's value, or undefined when it takes longer. A late failure has nobody left to tell. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  promise.catch(() => undefined);
  try {
    return await Promise.race([
      promise,
      sleep(Math.max(0, milliseconds), undefined, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}
