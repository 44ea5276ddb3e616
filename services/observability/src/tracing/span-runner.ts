import { context, trace, type Span, type Tracer } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { Tracing } from '../kit';
import { NO_SPAN, type Attributes, type SpanHandle } from '../span-handle';
import { identityOf, scopeOf, unrecordedContext } from './request-context';
import { recordErrorOn } from './span-errors';

/** Makes `withSpan`. */
export function spanRunner(tracer: Tracer): Tracing['withSpan'] {
  return <Result>(name: string, attributes: Attributes, run: (span: SpanHandle) => Result): Result => {
    const active = context.active();
    if (isTracingSuppressed(active)) return run(NO_SPAN);
    const span = tracer.startSpan(name, { attributes: defined(attributes) }, active);
    // A trace of its own that is not recorded, such as a job's: it still has its ids.
    if (!span.isRecording()) {
      const scope = { identity: identityOf(span.spanContext()), user: scopeOf(active)?.user };
      return context.with(unrecordedContext(scope), () => run(NO_SPAN));
    }
    return context.with(trace.setSpan(active, span), () => endWithResult(span, () => run(handleOf(span))));
  };
}

/** Without what is undefined. */
export function defined(attributes: Attributes): Record<string, string | number | boolean> {
  const given: Record<string, string | number | boolean> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function handleOf(span: Span): SpanHandle {
  return {
    annotate: (attributes) => {
      span.setAttributes(defined(attributes));
    },
  };
}

function endWithResult<Result>(span: Span, run: () => Result): Result {
  let result: Result;
  try {
    result = run();
  } catch (error) {
    recordErrorOn(span, error);
    span.end();
    throw error;
  }
  if (!isThenable(result)) {
    span.end();
    return result;
  }
  return result.then(
    (value: unknown) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      recordErrorOn(span, error);
      span.end();
      throw error;
    },
  ) as Result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
