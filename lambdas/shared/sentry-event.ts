import type { NodeClient } from '@sentry/aws-serverless';
import { isSensitiveName, REDACTED, scrubText } from '../../core/observability/scrub';

// The package exports no name for these.
type BeforeSend = NonNullable<ReturnType<NodeClient['getOptions']>['beforeSend']>;
type ErrorEvent = Parameters<BeforeSend>[0];
type Breadcrumb = NonNullable<ErrorEvent['breadcrumbs']>[number];
type Exception = NonNullable<NonNullable<ErrorEvent['exception']>['values']>[number];
type StackFrame = NonNullable<NonNullable<Exception['stacktrace']>['frames']>[number];

/**
 * Builds the event that leaves, from nothing: only what is named here is copied, and every text is scrubbed.
 * So what a library or a later version of the SDK adds (users, requests, local variables, source lines,
 * loaded modules, the host's name) stays here until somebody decides otherwise in this file.
 */
export function allowedEvent(event: ErrorEvent): ErrorEvent {
  return withoutUndefined({
    type: undefined,
    event_id: event.event_id,
    timestamp: event.timestamp,
    level: event.level,
    platform: event.platform,
    environment: event.environment,
    release: event.release,
    message: scrubbed(event.message),
    tags: event.tags && allowedTags(event.tags),
    exception: event.exception?.values && { values: event.exception.values.map(allowedException) },
    breadcrumbs: event.breadcrumbs?.map(allowedBreadcrumb),
    contexts: allowedContexts(event),
    // Which source map belongs to which file; no content.
    debug_meta: event.debug_meta,
  });
}

function allowedException({ type, value, mechanism, stacktrace }: Exception): Exception {
  return withoutUndefined({
    type: scrubbed(type),
    value: scrubbed(value),
    mechanism: mechanism && withoutUndefined({ type: mechanism.type, handled: mechanism.handled }),
    stacktrace: stacktrace?.frames && { frames: stacktrace.frames.map(allowedFrame) },
  });
}

/** Where, never with what: `vars` and the source lines around stay here. */
function allowedFrame({ filename, function: name, lineno, colno, in_app }: StackFrame): StackFrame {
  return withoutUndefined({
    filename: scrubbed(filename),
    function: scrubbed(name),
    lineno,
    colno,
    in_app,
  });
}

/** That something happened, and when; the data that came with it stays here. */
function allowedBreadcrumb({ timestamp, level, category, message }: Breadcrumb): Breadcrumb {
  return withoutUndefined({ timestamp, level, category: scrubbed(category), message: scrubbed(message) });
}

function allowedTags(tags: NonNullable<ErrorEvent['tags']>): NonNullable<ErrorEvent['tags']> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [
      scrubText(name),
      isSensitiveName(name) ? REDACTED : scrubText(String(value)),
    ]),
  );
}

function allowedContexts({ contexts }: ErrorEvent): NonNullable<ErrorEvent['contexts']> {
  const { runtime, trace } = contexts ?? {};
  return withoutUndefined({
    runtime: runtime && { name: runtime['name'], version: runtime['version'] },
    trace: trace && { trace_id: trace.trace_id, span_id: trace.span_id },
  });
}

function scrubbed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : scrubText(text);
}

/** The type without the undefined that `exactOptionalPropertyTypes` would otherwise ask about. */
type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
