import { AsyncLocalStorage } from 'node:async_hooks';
import { GoLiveError } from '../../../core/shared/errors';
import { onEveryRequest } from './incoming';
import { kit, noScope, type RequestScope } from './kit';
import type { ObservabilityOptions } from './options';
import { createReporter } from './reporting/reporter';
import { reportUncaught } from './reporting/uncaught';

/** What {@link startObservability} started. */
export interface Observability {
  /**
   * Sends what has not left yet, spans and errors, and stops. Never throws.
   *
   * @param deadlineMs how long it may take, milliseconds. @default 3000
   */
  shutdown(deadlineMs?: number): Promise<void>;
}

/** Thrown when observability is started twice: two tracers would count everything twice. */
export class ObservabilityStartedError extends GoLiveError {
  readonly code = 'ObservabilityStartedError';
}

const DEADLINE_MS = 3_000;

/**
 * Starts traces and errors. Call it before anything that it instruments is loaded (fastify, pg, redis, Prisma) and load
 * those with a dynamic import after it. With `otel.enabled: false` nothing of OpenTelemetry is loaded, and Sentry's SDK
 * is loaded only once there is a DSN.
 *
 * @throws ObservabilityStartedError when it runs already
 */
export async function startObservability(options: ObservabilityOptions): Promise<Observability> {
  if (kit.started) {
    throw new ObservabilityStartedError('observability runs already: start it once, in the file that begins');
  }
  kit.started = true;
  const stops: (() => void)[] = [];

  if (options.sentry?.dsn !== undefined) {
    kit.reporter = createReporter(options, options.sentry.dsn);
    if (options.sentry.exitOnUncaught ?? true) stops.push(reportUncaught(kit.reporter, options));
  }
  if (options.otel.enabled) {
    const { startTracing } = await import('./tracing/start-tracing');
    const tracing = startTracing(options);
    kit.tracing = tracing;
    kit.scope = () => tracing.scope();
  } else if (kit.reporter !== undefined) {
    stops.push(keepScopes());
  }

  return {
    async shutdown(deadlineMs = DEADLINE_MS) {
      const { tracing, reporter } = kit;
      for (const stop of stops) stop();
      await Promise.all([tracing?.shutdown(deadlineMs), reporter?.close(deadlineMs)]);
      Object.assign(kit, { started: false, tracing: undefined, reporter: undefined, scope: noScope });
    },
  };
}

/** Without tracing an error has to know whose request it broke all the same. */
function keepScopes(): () => void {
  const scopes = new AsyncLocalStorage<RequestScope>();
  kit.scope = () => scopes.getStore();
  return onEveryRequest((_request, _response, answer) =>
    scopes.run({ identity: undefined, user: undefined }, answer),
  );
}
