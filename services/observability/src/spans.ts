import { kit } from './kit';
import { NO_SPAN, type Attributes, type SpanHandle } from './span-handle';

/**
 * Runs a function in a span of its own, which ends when the function, or the promise that it returns, does. What it
 * throws is recorded, marks the span as failed and is thrown on. Where nothing is recorded it only runs the function.
 *
 * @param name low in cardinality, such as `deployment.create`: what differs from call to call is an attribute
 */
export function withSpan<Result>(
  name: string,
  attributes: Attributes,
  run: (span: SpanHandle) => Result,
): Result {
  return kit.tracing === undefined ? run(NO_SPAN) : kit.tracing.withSpan(name, attributes, run);
}

/** Tells the current span something. */
export function annotate(attributes: Attributes): void {
  kit.tracing?.annotate(attributes);
}

/** The trace id of what is being done, 32 hex digits; also of a trace that is not recorded. Undefined outside a trace. */
export function currentTraceId(): string | undefined {
  return kit.tracing?.identity()?.traceId;
}
