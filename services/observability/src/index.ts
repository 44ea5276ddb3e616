/** Traces, errors and logs for any service of GoLive. How a service uses it: docs/observability.md. */
export { captureError, setUser, TAGS, type ErrorContext } from './errors';
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from './logger';
export {
  isProbe,
  type KitLog,
  type ObservabilityOptions,
  type OtelOptions,
  type SentryOptions,
} from './options';
export type { Attributes, SpanHandle } from './span-handle';
export { annotate, currentTraceId, withSpan } from './spans';
export { ObservabilityStartedError, startObservability, type Observability } from './start';
