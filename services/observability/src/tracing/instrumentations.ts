import { context, propagation, ROOT_CONTEXT, trace, type TracerProvider } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { RedisInstrumentation } from '@opentelemetry/instrumentation-redis';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import type { TraceIdentity } from '../kit';
import { nameSpansByRoute } from './fastify';
import { tracePrisma } from './prisma';
import { scopeOf } from './request-context';

/**
 * Watches the libraries that services use: each call inside a recorded trace becomes a span, and any other costs a
 * question.
 *
 * @returns how to stop
 */
export function watchLibraries(tracerProvider: TracerProvider): () => void {
  const stops = [
    registerInstrumentations({
      tracerProvider,
      instrumentations: [
        // Statements with their placeholders, never the values.
        new PgInstrumentation({ requireParentSpan: true, enhancedDatabaseReporting: false }),
        // Keys name people: the command is enough.
        new RedisInstrumentation({ requireParentSpan: true, dbStatementSerializer: (command) => command }),
        new UndiciInstrumentation({ requireParentforSpans: true, ignoreRequestHook: passOnUnrecorded }),
      ],
    }),
    tracePrisma(tracerProvider),
    nameSpansByRoute(),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * A trace that is not recorded goes on under its ids, so that whoever is called logs them too and does not begin to
 * record in the middle. The instrumentation passes on only what it records.
 */
function passOnUnrecorded(request: {
  addHeader?: ((name: string, value: string) => void) | undefined;
}): boolean {
  const active = context.active();
  if (trace.getSpan(active) !== undefined) return false;
  const identity = scopeOf(active)?.identity;
  if (identity !== undefined) {
    propagation.inject(carrying(identity), request, {
      set: (carrier, name, value) => carrier.addHeader?.(name, value),
    });
  }
  return true;
}

function carrying({ traceId, spanId }: TraceIdentity) {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 0 });
}
