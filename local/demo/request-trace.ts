import type { ReceivedSpan, SpanSink } from '../span-sink';

/** When a request was made and answered, milliseconds since 1970. */
export interface Window {
  readonly began: number;
  readonly ended: number;
}

type Trace = readonly ReceivedSpan[];

/**
 * The traces that began while a request was under way, less the looks at health, which come all the time. Spans arrive in
 * batches and late, those of earlier requests too: so it is when a trace began that counts, and not when it came.
 */
export function tracesWithin(spans: Trace, { began, ended }: Window): Trace[] {
  const byId = new Map<string, ReceivedSpan[]>();
  for (const span of spans) byId.set(span.traceId, [...(byId.get(span.traceId) ?? []), span]);
  return [...byId.values()].filter((trace) => {
    const start = Math.min(...trace.map(({ startMs }) => startMs));
    return start >= began && start <= ended && !trace.some(isHealthCheck);
  });
}

/** Whether all has come: it has its root, every span's parent, and what the gateway did for each call of the frontend. */
export function isComplete(trace: Trace): boolean {
  const has = (id: string) => trace.some(({ spanId }) => spanId === id);
  const calls = trace.filter(({ service, kind }) => service === 'frontend' && kind === 'client');
  return (
    trace.some(({ parentSpanId }) => parentSpanId === undefined) &&
    trace.every(({ parentSpanId }) => parentSpanId === undefined || has(parentSpanId)) &&
    calls.every(({ spanId }) =>
      trace.some(({ parentSpanId, service }) => parentSpanId === spanId && service === 'gateway'),
    )
  );
}

/**
 * Makes a request and waits until everything that it caused has come.
 *
 * @returns its traces: one, where nothing is wrong
 * @throws SpansNotReceivedError
 */
export async function tracesOf(
  spans: Pick<SpanSink, 'spans' | 'waitFor'>,
  request: () => Promise<void>,
): Promise<Trace[]> {
  const began = Date.now();
  await request();
  const window = { began, ended: Date.now() };
  const within = () => tracesWithin(spans.spans(), window);
  // A trace that never becomes complete is waited for in vain, and what came is in the error.
  await spans.waitFor(() => within().length > 0 && within().every(isComplete));
  return within();
}

function isHealthCheck({ attributes }: ReceivedSpan): boolean {
  return String(attributes['url.path'] ?? attributes['http.target'] ?? '').startsWith('/health/');
}
