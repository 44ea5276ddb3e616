import { SpanStatusCode, type Span } from '@opentelemetry/api';

const failed = new WeakMap<Span, unknown>();

/** Marks a span as failed. What the error says is scrubbed when the span leaves. The same error counts once. */
export function recordErrorOn(span: Span, error: unknown): void {
  if (failed.has(span) && failed.get(span) === error) return;
  failed.set(span, error);
  const thrown = error instanceof Error ? error : new Error(String(error));
  span.recordException(thrown);
  span.setStatus({ code: SpanStatusCode.ERROR, message: thrown.message });
  span.setAttribute('error.type', codeOrName(thrown));
}

/** Marks the span of a request that was answered with a server error, unless it is known what broke it. */
export function recordStatusOn(span: Span, status: number): void {
  if (failed.has(span)) return;
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', String(status));
}

function codeOrName(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
