import { context, createContextKey, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { RequestScope, TraceIdentity } from '../kit';

const SCOPE = createContextKey('golive.request-scope');

/** Where nothing is recorded: health checks, and what is not sampled. */
export const QUIET: Context = suppressTracing(ROOT_CONTEXT);

/** The scope of the request that is being answered. */
export function scopeOf(current: Context): RequestScope | undefined {
  return current.getValue(SCOPE) as RequestScope | undefined;
}

/** The surroundings of a request whose trace is recorded. */
export function recordedContext(span: Span, scope: RequestScope): Context {
  return trace.setSpan(ROOT_CONTEXT.setValue(SCOPE, scope), span);
}

/**
 * The surroundings of a request whose trace is not recorded. There is no span in it at all, not even one that does not
 * record: instrumentations that want a parent look for one first of all, and then have nothing to do. Its ids are in the
 * scope.
 */
export function unrecordedContext(scope: RequestScope): Context {
  return new UnrecordedContext(scope);
}

/** `QUIET.setValue(SCOPE, scope)`, which would copy a map and make three functions for each request. */
class UnrecordedContext implements Context {
  constructor(private readonly scope: RequestScope) {}

  getValue(key: symbol): unknown {
    return key === SCOPE ? this.scope : QUIET.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.copied().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.copied().deleteValue(key);
  }

  private copied(): Context {
    return QUIET.setValue(SCOPE, this.scope);
  }
}

/** The ids of what is being done. */
export function currentIdentity(): TraceIdentity | undefined {
  const current = context.active();
  const span = trace.getSpanContext(current);
  return span === undefined ? scopeOf(current)?.identity : identityOf(span);
}

export function identityOf({ traceId, spanId, traceFlags }: ReturnType<Span['spanContext']>): TraceIdentity {
  return { traceId, spanId, sampled: (traceFlags & 1) === 1 };
}
