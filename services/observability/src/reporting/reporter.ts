import { dsnInSecret } from '../../../../core/observability/sentry-dsn';
import { saidBy } from '../../../../core/shared/errors';
import type { ErrorReport, Reporter } from '../kit';
import type { ObservabilityOptions, SentryOptions } from '../options';
import { within } from '../within';
import type { SentrySink } from './sentry-sink';

/** How long a DSN is believed, milliseconds. Nobody restarts a service because it was set or replaced. */
const DSN_LIFETIME_MS = 300_000;
/** A DSN that could not be read is asked for again after so long, milliseconds. */
const RETRY_MS = 30_000;
/** A failing database fails every request alike: more reports than these say nothing new and cost the service. */
const REPORTS_PER_MINUTE = 60;
/** One report takes no longer than this, milliseconds. */
const PATIENCE_MS = 5_000;

/** So long closing what is empty may take, milliseconds. */
const CLOSE_MS = 100;

type Dsn = NonNullable<SentryOptions['dsn']>;

/**
 * Sends errors to Sentry, one after the other and beside everything else. Its SDK is loaded once there is a DSN: at the
 * start if there is one then, otherwise with the first error after one was set. Reporting is an extra: its own failures
 * reach nobody but the log, each kind once.
 */
export function createReporter(options: ObservabilityOptions, source: Dsn): Reporter {
  const sinks = sinksFor(options, source);
  const say = sayingOnce(options);
  const admits = rateLimit();
  const reported = new WeakSet<object>();
  const underway = new Set<Promise<void>>();

  async function send(report: ErrorReport): Promise<void> {
    try {
      const sink = await sinks.current();
      if (sink === undefined) {
        // Not a fault: a secret begins as `{}`, and a team without Sentry leaves it so.
        say('info', 'Sentry is off: its DSN is not set. Set it with: golive secrets set sentry-dsn');
      } else if (!(await sink.send(report, PATIENCE_MS))) {
        say('warn', 'Sentry did not take an error; it is in this log');
      }
    } catch (failure) {
      say('warn', 'an error could not be reported to Sentry; it is in this log', failure);
    }
  }

  function begin(work: Promise<void>): void {
    underway.add(work);
    void work.finally(() => underway.delete(work));
  }

  async function flush(deadlineMs: number): Promise<void> {
    await within(deadlineMs, Promise.all(underway));
  }

  // Loading the SDK takes its time, and the first error is a bad moment for it.
  begin(
    sinks.current().then(
      () => undefined,
      () => undefined,
    ),
  );

  return {
    report(report) {
      if (isObject(report.error)) {
        if (reported.has(report.error)) return;
        reported.add(report.error);
      }
      if (!admits()) {
        say(
          'warn',
          `more than ${REPORTS_PER_MINUTE} errors in a minute: the rest are in this log and not in Sentry`,
        );
        return;
      }
      begin(send({ ...report, tags: { ...report.tags, service: options.service } }));
    },
    flush,
    async close(deadlineMs) {
      await flush(deadlineMs);
      await within(CLOSE_MS, sinks.close());
    },
  };
}

/** The sink for the DSN of now; undefined while there is none. */
function sinksFor({ environment, version }: ObservabilityOptions, source: Dsn) {
  let made: { dsn: string; sink: Promise<SentrySink> } | undefined;

  const currentDsn = remembered(async () =>
    dsnInSecret(typeof source === 'string' ? source : await source()),
  );

  async function create(dsn: string, before: Promise<SentrySink> | undefined): Promise<SentrySink> {
    const { createSentrySink } = await import('./sentry-sink');
    await (await before)?.close();
    return createSentrySink({ dsn, environment, release: version });
  }

  return {
    async current(): Promise<SentrySink | undefined> {
      const dsn = await currentDsn();
      if (dsn === undefined) return undefined;
      if (made?.dsn !== dsn) made = { dsn, sink: create(dsn, made?.sink) };
      return made.sink;
    },
    close: async () => (await made?.sink)?.close(),
  };
}

/** Reads a value when it is asked for and old. When that fails the old one goes on, if there is one. */
function remembered(read: () => Promise<string | undefined>): () => Promise<string | undefined> {
  let known: { value: Promise<string | undefined>; until: number } | undefined;
  return () => {
    if (known !== undefined && Date.now() < known.until) return known.value;
    const before = known?.value;
    const next: { value: Promise<string | undefined>; until: number } = {
      until: Date.now() + DSN_LIFETIME_MS,
      value: read().catch((failure: unknown) => {
        next.until = Date.now() + RETRY_MS;
        if (before === undefined) throw failure;
        return before;
      }),
    };
    known = next;
    return next.value;
  };
}

/** Whether one more may go, at most so many a minute. */
function rateLimit(): () => boolean {
  let minute = 0;
  let count = 0;
  return () => {
    const now = Math.floor(Date.now() / 60_000);
    if (now !== minute) [minute, count] = [now, 0];
    count += 1;
    return count <= REPORTS_PER_MINUTE;
  };
}

function sayingOnce({ log }: ObservabilityOptions) {
  const said = new Set<string>();
  return (level: 'info' | 'warn', message: string, failure?: unknown) => {
    if (said.has(message)) return;
    said.add(message);
    log?.[level](failure === undefined ? {} : { reason: saidBy(failure) }, message);
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
