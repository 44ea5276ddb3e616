import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import type { Tracer } from '@aws-lambda-powertools/tracer';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import {
  type CheckIns,
  createCheckIns,
  type Reporting,
  type Run,
} from '../../core/observability/jobs/check-ins';
import { createSentryDsn } from '../../core/observability/jobs/current-sentry-dsn';
import { errorCode, toError } from '../../core/observability/jobs/thrown';
import { SharedEnvironment } from './env';
import { createErrorReporter, type ErrorReporter } from './error-reporter';
import { FunctionTimeoutError, InvalidEnvironmentError, InvalidEventError } from './errors';
import { ownMonitor } from './own-monitor';
import { printableError } from './printable-error';
import { isBySchedule } from './scheduled-event';
import { createTelemetry, type Telemetry } from './telemetry';

/**
 * How long before Lambda's own kill we give up by ourselves: long enough to log, count and report, which a
 * killed process can't.
 */
const LAST_WORDS_MS = 3_000;

/** What is kept for writing the metrics after whatever is told to Sentry. */
const METRICS_MS = 300;

/** What `run` is given. */
export interface Invocation<Environment, Event> {
  readonly event: Event;
  /** The function's own variables, parsed. */
  readonly environment: Environment;
  /** The variables that every function has, parsed. */
  readonly shared: SharedEnvironment;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly context: Context;
  /** When Lambda ends the process. Work that can't be done by then should stop well before and say so. */
  readonly deadline: Date;
  /** Aborted when `deadline` is so near that the failure is being reported already. */
  readonly signal: AbortSignal;
}

export interface HandlerDefinition<
  Environment extends z.ZodType,
  Event extends z.ZodType,
  Result extends object | undefined,
> {
  /** The function's folder under `lambdas/`: `backup/snapshot`. */
  readonly name: string;
  readonly environment: Environment;
  readonly event: Event;
  /** What a raw event's run tells the monitor of the function's schedule. @default all, of a schedule's event only */
  readonly reporting?: (event: unknown) => Reporting;
  /** Does the work. What it throws is logged, counted and reported, and fails the invocation. */
  readonly run: (invocation: Invocation<z.output<Environment>, z.output<Event>>) => Promise<Result>;
}

/** A Lambda handler: takes the raw event, returns JSON or rejects. */
export type DefinedHandler<Result> = (event: unknown, context: Context) => Promise<Result>;

/**
 * The one way to write a handler. It checks the environment once per cold start and the event each time, and
 * wraps `run` in logs, metrics, a trace and error reporting:
 *
 * - `FunctionFailures` is 1 or 0 on every invocation; a failure is counted once more under its error code.
 * - A failure is logged with its code, reported to Sentry when there is a DSN, and rethrown, scrubbed, because
 *   Lambda prints what a handler throws and puts it into the failure destination.
 * - A run by a schedule checks in with Sentry's cron monitor of it, beside the work and without failing it.
 * - The event is never logged: it may hold what nobody meant to keep.
 */
export function defineHandler<
  Environment extends z.ZodType,
  Event extends z.ZodType,
  Result extends object | undefined,
>(definition: HandlerDefinition<Environment, Event, Result>): DefinedHandler<Result> {
  const telemetry = createTelemetry();
  const { logger } = telemetry;
  const currentDsn = createSentryDsn({ logger });
  const reporter = createErrorReporter({ functionName: definition.name, logger, currentDsn });
  const checkIns = createCheckIns({ logger, currentDsn });
  const reporting = definition.reporting ?? ((event) => (isBySchedule(event) ? 'begin-and-end' : 'nothing'));
  const readEnvironment = once(() => parseEnvironment(definition.name, definition.environment));

  const handler = async (rawEvent: unknown, context: Context, { signal }: { signal: AbortSignal }) => {
    const { shared, own } = readEnvironment();
    const event = parseEvent(definition.name, definition.event, rawEvent);
    const deadline = new Date(Date.now() + context.getRemainingTimeInMillis());
    const result = await definition.run({
      event,
      environment: own,
      shared,
      ...telemetry,
      context,
      deadline,
      signal,
    });
    telemetry.metrics.addMetric('FunctionFailures', MetricUnit.Count, 0);
    return result;
  };

  return middy(handler, {
    timeoutEarlyInMillis: LAST_WORDS_MS,
    timeoutEarlyResponse: () => {
      throw new FunctionTimeoutError(definition.name);
    },
  })
    .use(injectLambdaContext(telemetry.logger, { resetKeys: true }))
    .use(captureLambdaHandler(telemetry.tracer, { captureResponse: false }))
    .use(logMetrics(telemetry.metrics, { captureColdStartMetric: true }))
    .use(reportingMiddleware(telemetry, { reporter, checkIns, reporting }));
}

interface Reporters {
  readonly reporter: ErrorReporter;
  readonly checkIns: CheckIns;
  readonly reporting: (event: unknown) => Reporting;
}

/**
 * Runs first of all hooks after the handler (middy goes through them backwards), so that what the others see and what
 * is rethrown is already scrubbed.
 */
function reportingMiddleware(
  { logger, metrics }: Telemetry,
  { reporter, checkIns, reporting }: Reporters,
): MiddlewareObj {
  const runs = new WeakMap<Context, Run>();
  const timeLeftMs = (context: Context) => context.getRemainingTimeInMillis() - METRICS_MS;
  const endRun = async (context: Context, status: 'ok' | 'error') => {
    const run = runs.get(context);
    // A hook that fails after this one is no other end of the run.
    runs.delete(context);
    await run?.end(status, timeLeftMs(context));
  };
  return {
    before: ({ event, context }) => {
      const run = checkIns.begin(ownMonitor(), reporting(event), timeLeftMs(context));
      if (run) runs.set(context, run);
    },
    after: ({ context }) => endRun(context, 'ok'),
    onError: async (request) => {
      const { context } = request;
      const error = toError(request.error);
      const code = errorCode(error);
      logger.error(error.message, { code, error });
      metrics.addMetric('FunctionFailures', MetricUnit.Count, 1);
      metrics
        .singleMetric()
        .addDimension('code', code)
        .addMetric('FunctionFailuresByCode', MetricUnit.Count, 1);
      // First, and by itself: loading Sentry's SDK for the report would hold it up.
      await endRun(context, 'error');
      await reporter.report(error, {
        code,
        requestId: context.awsRequestId,
        timeoutMs: timeLeftMs(context),
      });
      request.error = printableError(error);
    },
  };
}

function parseEnvironment<Environment extends z.ZodType>(name: string, schema: Environment) {
  const shared = SharedEnvironment.safeParse(process.env);
  const own = schema.safeParse(process.env);
  if (shared.success && own.success) return { shared: shared.data, own: own.data };
  throw new InvalidEnvironmentError(
    name,
    describe(...(shared.error?.issues ?? []), ...(own.error?.issues ?? [])),
  );
}

function parseEvent<Event extends z.ZodType>(name: string, schema: Event, event: unknown): z.output<Event> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new InvalidEventError(name, describe(...parsed.error.issues));
}

/** Every problem with its place. The value itself stays out: it may be a secret. */
function describe(...issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
