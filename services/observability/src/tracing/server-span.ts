import {
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf, type Enter } from '../incoming';
import type { TraceIdentity } from '../kit';
import { identityOf, QUIET, recordedContext, unrecordedContext } from './request-context';
import { recordStatusOn } from './span-errors';
import { xrayIds } from './trace-ids';

/** What says which trace a request belongs to. Sentry's too: its SDK would read it. */
const TRACE_HEADERS = ['traceparent', 'tracestate', 'baggage', 'x-amzn-trace-id', 'sentry-trace'];

const SPAN_OF_REQUEST = Symbol('golive.span');

export interface ServerSpanOptions {
  readonly tracer: Tracer;
  /** Whether a trace that begins here is recorded. Asked once for each. */
  readonly records: () => boolean;
  readonly trusts: (request: IncomingMessage) => boolean;
  readonly untraced: (path: string) => boolean;
}

/**
 * Gives each request its span. Whether its trace is recorded is decided here, once: what is not recorded is answered
 * where every instrumentation finds nothing to do, and keeps its ids.
 *
 * Ours and not `@opentelemetry/instrumentation-http`, which reads the headers before anybody can say whose they are, and
 * does the same work for what is recorded and what is not (decision 1101).
 */
export function serverSpans({ tracer, records, trusts, untraced }: ServerSpanOptions): Enter {
  return (request, response, answer) => {
    const path = pathOf(request);
    const believed = isTrue(() => trusts(request));
    if (!believed) forgetTrace(request);
    if (untraced(path)) return context.with(QUIET, answer);

    const parent = believed ? propagation.extract(ROOT_CONTEXT, request.headers) : ROOT_CONTEXT;
    const caller = callerIn(parent);
    if (caller === undefined ? !records() : !isSampled(caller)) {
      return context.with(unrecordedContext({ identity: idsAlone(caller), user: undefined }), answer);
    }

    const method = request.method ?? 'GET';
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
    const scope = { identity: identityOf(span.spanContext()), user: undefined };
    span.setAttributes(attributesOf(request, method, path));
    (request as { [SPAN_OF_REQUEST]?: Span })[SPAN_OF_REQUEST] = span;
    response.once('close', () => endWith(response, span));
    return context.with(recordedContext(span, scope), answer);
  };
}

/** Who called, if that is known. */
function callerIn(parent: Context): SpanContext | undefined {
  const caller = trace.getSpanContext(parent);
  return caller !== undefined && isSpanContextValid(caller) ? caller : undefined;
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** What is not recorded: most requests, so it is not even a span. */
function idsAlone(caller: SpanContext | undefined): TraceIdentity {
  return {
    traceId: caller?.traceId ?? xrayIds.generateTraceId(),
    spanId: xrayIds.generateSpanId(),
    sampled: false,
  };
}

/** What cannot be told is not believed, and no reason to end the process. */
function isTrue(question: () => boolean): boolean {
  try {
    return question();
  } catch {
    return false;
  }
}

/** The span of a request, if it is recorded. */
export function spanOfRequest(request: object): Span | undefined {
  return (request as { [SPAN_OF_REQUEST]?: Span })[SPAN_OF_REQUEST];
}

function forgetTrace({ headers }: IncomingMessage): void {
  for (const name of TRACE_HEADERS) {
    if (headers[name] !== undefined) delete headers[name];
  }
}

/**
 * Where, and never who or with what: no query, no address of a client, no browser's name.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
function attributesOf(request: IncomingMessage, method: string, path: string) {
  return {
    'http.request.method': method,
    'url.path': path,
    'url.scheme': 'http',
    'network.protocol.version': request.httpVersion,
    ...(request.socket.localPort !== undefined && { 'server.port': request.socket.localPort }),
  };
}

function endWith(response: ServerResponse, span: Span): void {
  span.setAttribute('http.response.status_code', response.statusCode);
  if (response.statusCode >= 500) recordStatusOn(span, response.statusCode);
  // Whoever asked has gone before the answer was whole.
  if (!response.writableFinished) span.setAttribute('golive.aborted', true);
  span.end();
}
