/** The only file through which OpenTelemetry is loaded. Import it dynamically: what is off must not cost its loading. */
import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { onEveryRequest } from '../incoming';
import type { Tracing } from '../kit';
import { isProbe, type KitLog, type ObservabilityOptions } from '../options';
import { within } from '../within';
import { watchLibraries } from './instrumentations';
import { newTraces } from './new-traces';
import { currentIdentity, scopeOf } from './request-context';
import { traceSampler } from './sampler';
import { scrubbing } from './scrubbing-exporter';
import { serverSpans } from './server-span';
import { recordErrorOn } from './span-errors';
import { spanRunner, defined } from './span-runner';
import { xrayIds } from './trace-ids';

/** Of a text in a span so much is kept, characters: X-Ray takes 64 KB for all of a span. */
const MAX_TEXT = 2_048;
/** So long a span waits for others to leave with, milliseconds. */
const BATCH_DELAY_MS = 1_000;
/** The collector is on the loopback interface: one that takes longer is not there. */
const EXPORT_TIMEOUT_MS = 5_000;
/** The kit's own complaints come at most so often. */
const COMPLAINT_INTERVAL_MS = 60_000;

/** Starts OpenTelemetry. It owns tracing: nothing else in the process records spans. */
export function startTracing(options: ObservabilityOptions): Tracing {
  const { service, version, environment, otel, trustsTraceOf = () => false, untraced = isProbe } = options;
  complainTo(options.log);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.version': version,
      'deployment.environment.name': environment,
    }),
    sampler: traceSampler(otel.sampleRatio),
    idGenerator: xrayIds,
    spanLimits: { attributeValueLengthLimit: MAX_TEXT },
    spanProcessors: [
      new BatchSpanProcessor(
        scrubbing(
          new OTLPTraceExporter({
            url: `${otel.endpoint.replace(/\/$/, '')}/v1/traces`,
            timeoutMillis: EXPORT_TIMEOUT_MS,
          }),
        ),
        { scheduledDelayMillis: BATCH_DELAY_MS },
      ),
    ],
  });
  // What both say is the same; the second wins, and says it without X-Ray's exceptions. No baggage: nobody reads it.
  provider.register({
    propagator: new CompositePropagator({
      propagators: [new AWSXRayPropagator(), new W3CTraceContextPropagator()],
    }),
  });
  const tracer = provider.getTracer('@golive/observability', version);
  const stops = [
    watchLibraries(provider),
    onEveryRequest(serverSpans({ tracer, records: newTraces(otel), trusts: trustsTraceOf, untraced })),
  ];

  return {
    withSpan: spanRunner(tracer),
    annotate: (attributes) => {
      trace.getActiveSpan()?.setAttributes(defined(attributes));
    },
    identity: currentIdentity,
    recordError: (error) => {
      const span = trace.getActiveSpan();
      if (span !== undefined) recordErrorOn(span, error);
    },
    scope: () => scopeOf(context.active()),
    async shutdown(deadlineMs) {
      for (const stop of stops) stop();
      if (!(await within(deadlineMs, provider.shutdown()))) {
        options.log?.warn(
          { endpoint: otel.endpoint },
          'the last traces have not left: the collector did not take them',
        );
      }
      trace.disable();
      context.disable();
      propagation.disable();
      diag.disable();
    },
  };
}

/** A collector that is away complains with every batch; once a minute is enough to know. */
function complainTo(log: KitLog | undefined): void {
  let next = 0;
  const complain = (message: string, ...details: unknown[]) => {
    const now = Date.now();
    if (now < next) return;
    next = now + COMPLAINT_INTERVAL_MS;
    log?.warn(
      { reason: [message, ...details].map(String).join(' ') },
      'traces are not leaving as they should',
    );
  };
  const silent = () => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
