import { context, trace, type TracerProvider } from '@opentelemetry/api';
import { PrismaInstrumentation } from '@prisma/instrumentation';

/** Of Prisma's tracing helper, what is used here. */
interface TracingHelper {
  runInChildSpan(options: unknown, callback: (...span: unknown[]) => unknown): unknown;
}

/** Where `@prisma/instrumentation` and the client meet. */
const PLACES = ['PRISMA_INSTRUMENTATION', 'V7_PRISMA_INSTRUMENTATION'] as const;

/** Steps of Prisma's own that say nothing of the database. */
const OWN_STEPS = [/^prisma:client:(?:serialize|compile|connect|detect_platform|load_engine)$/];

/**
 * Makes spans of Prisma's operations and queries. Its helper begins a span for each of some five steps of a query,
 * recorded or not; outside of a recorded trace it is not asked.
 *
 * @returns how to stop
 */
export function tracePrisma(tracerProvider: TracerProvider): () => void {
  const instrumentation = new PrismaInstrumentation({ ignoreSpanTypes: OWN_STEPS });
  instrumentation.setTracerProvider(tracerProvider);
  instrumentation.enable();
  for (const place of PLACES) {
    const holder = (globalThis as Record<string, unknown>)[place] as { helper: TracingHelper } | undefined;
    if (holder !== undefined) holder.helper = onlyWhenRecorded(holder.helper);
  }
  return () => instrumentation.disable();
}

function onlyWhenRecorded(helper: TracingHelper): TracingHelper {
  return Object.create(helper, {
    runInChildSpan: {
      value: (options: unknown, callback: (...span: unknown[]) => unknown): unknown =>
        trace.getSpan(context.active()) === undefined ? callback() : helper.runInChildSpan(options, callback),
    },
  }) as TracingHelper;
}
