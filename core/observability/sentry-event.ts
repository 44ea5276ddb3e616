import { isSensitiveName, REDACTED, scrubText } from './scrub';

/**
 * What an error event may hold, of all that Sentry's SDKs put into one. Structural, for two of their versions are in use.
 * https://develop.sentry.dev/sdk/foundations/transport/event-payloads/
 */
export interface SentryEvent {
  event_id?: string | undefined;
  timestamp?: number | undefined;
  level?: string | undefined;
  platform?: string | undefined;
  environment?: string | undefined;
  release?: string | undefined;
  message?: string | undefined;
  tags?: Record<string, unknown> | undefined;
  user?: { id?: string | number | undefined } | undefined;
  exception?: { values?: SentryException[] | undefined } | undefined;
  breadcrumbs?: SentryBreadcrumb[] | undefined;
  contexts?: Record<string, Record<string, unknown> | undefined> | undefined;
  debug_meta?: object | undefined;
}

interface SentryException {
  type?: string | undefined;
  value?: string | undefined;
  mechanism?: { type?: string | undefined; handled?: boolean | undefined } | undefined;
  stacktrace?: { frames?: SentryFrame[] | undefined } | undefined;
}

interface SentryFrame {
  filename?: string | undefined;
  function?: string | undefined;
  lineno?: number | undefined;
  colno?: number | undefined;
  in_app?: boolean | undefined;
}

interface SentryBreadcrumb {
  timestamp?: number | undefined;
  level?: string | undefined;
  category?: string | undefined;
  message?: string | undefined;
}

export interface AllowedParts {
  /** Which tags may leave. @default every tag, scrubbed */
  readonly tags?: readonly string[] | undefined;
  /** Whether the user's id may leave; nothing else of a user ever does. @default false */
  readonly userId?: boolean | undefined;
  /** Whether breadcrumbs may leave, without their data. @default true */
  readonly breadcrumbs?: boolean | undefined;
}

/**
 * Builds the event that leaves, from nothing: only what is named here is copied, and every text is scrubbed.
 * So what a library or a later version of the SDK adds (users, requests, local variables, source lines,
 * loaded modules, the host's name) stays here until somebody decides otherwise in this file.
 */
export function allowedEvent<Event extends SentryEvent>(event: Event, parts: AllowedParts = {}): Event {
  const { tags, userId = false, breadcrumbs = true } = parts;
  const id = event.user?.id;
  const allowed: SentryEvent = {
    event_id: event.event_id,
    timestamp: event.timestamp,
    level: event.level,
    platform: event.platform,
    environment: event.environment,
    release: event.release,
    message: scrubbed(event.message),
    tags: event.tags && allowedTags(event.tags, tags),
    user: userId && id !== undefined ? { id: scrubText(String(id)) } : undefined,
    exception: event.exception?.values && { values: event.exception.values.map(allowedException) },
    breadcrumbs: breadcrumbs ? event.breadcrumbs?.map(allowedBreadcrumb) : undefined,
    contexts: allowedContexts(event),
    // Which source map belongs to which file; no content.
    debug_meta: event.debug_meta,
  };
  return withoutUndefined(allowed) as Event;
}

function allowedException({ type, value, mechanism, stacktrace }: SentryException): SentryException {
  return withoutUndefined({
    type: scrubbed(type),
    value: scrubbed(value),
    mechanism: mechanism && withoutUndefined({ type: mechanism.type, handled: mechanism.handled }),
    stacktrace: stacktrace?.frames && { frames: stacktrace.frames.map(allowedFrame) },
  });
}

/** Where, never with what: `vars` and the source lines around stay here. */
function allowedFrame({ filename, function: name, lineno, colno, in_app }: SentryFrame): SentryFrame {
  return withoutUndefined({
    filename: scrubbed(filename),
    function: scrubbed(name),
    lineno,
    colno,
    in_app,
  });
}

/** That something happened, and when; the data that came with it stays here. */
function allowedBreadcrumb({ timestamp, level, category, message }: SentryBreadcrumb): SentryBreadcrumb {
  return withoutUndefined({ timestamp, level, category: scrubbed(category), message: scrubbed(message) });
}

function allowedTags(
  tags: Record<string, unknown>,
  names: readonly string[] | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tags)
      .filter(([name]) => names?.includes(name) ?? true)
      .map(([name, value]) => [scrubText(name), isSensitiveName(name) ? REDACTED : scrubText(String(value))]),
  );
}

function allowedContexts({ contexts }: SentryEvent): SentryEvent['contexts'] {
  const { runtime, trace } = contexts ?? {};
  return withoutUndefined({
    runtime: runtime && { name: runtime['name'], version: runtime['version'] },
    trace: trace && { trace_id: trace['trace_id'], span_id: trace['span_id'] },
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
