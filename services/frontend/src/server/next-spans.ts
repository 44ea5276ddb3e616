import { ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';

/** How a page was made, and how a route was run: the two of Next.js's spans that say something of our own code. */
const KEPT = new Set<unknown>(['AppRender.getBodyResult', 'AppRouteRouteHandlers.runHandler']);
/** What Next.js calls its tracer. https://nextjs.org/docs/app/guides/open-telemetry#default-spans-in-nextjs */
const NEXT = 'next.js';

/**
 * Leaves two of Next.js's spans for each request. It makes a dozen and cannot be told not to: a second one for the request
 * itself, which the kit has made already, and one for each module that it loads.
 *
 * Call it once tracing is on, and before Next.js is loaded.
 */
export function keepFewNextSpans(): void {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return;
  const real = provider.getDelegate();
  // Its spans are those that they begin in: what is begun inside belongs to the span outside.
  const silent = new ProxyTracerProvider().getTracer(NEXT);
  provider.setDelegate({
    getTracer: (name, version, options) => {
      const tracer = real.getTracer(name, version, options);
      return name === NEXT ? choosing(tracer, silent) : tracer;
    },
  });
}

function choosing(kept: Tracer, silent: Tracer): Tracer {
  const tracerFor = (options: Parameters<Tracer['startSpan']>[1]) =>
    KEPT.has(options?.attributes?.['next.span_type']) ? kept : silent;
  return {
    startSpan: (name, options, context) => tracerFor(options).startSpan(name, options, context),
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const options =
        typeof rest[0] === 'object' ? (rest[0] as Parameters<Tracer['startSpan']>[1]) : undefined;
      const tracer = tracerFor(options);
      return (tracer.startActiveSpan as (...all: unknown[]) => never).call(tracer, name, ...rest);
    },
  };
}

/** Calls the request's span by its route. */
export function nameRequestSpan(method: string, route: string): void {
  trace.getActiveSpan()?.updateName(`${method} ${route}`).setAttribute('http.route', route);
}
