import type { IncomingMessage } from 'node:http';

export interface OtelOptions {
  readonly enabled: boolean;
  /** The collector's OTLP/HTTP address, without a path: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** The share of new traces that are recorded, 0 to 1. What a trusted caller decided is followed. */
  readonly sampleRatio: number;
  /**
   * Of new traces at most so many are recorded in a second, whatever their share: recording takes the processor when it
   * is scarcest, and each trace is paid for. At least 1.
   *
   * @default no limit
   */
  readonly tracesPerSecond?: number | undefined;
}

export interface SentryOptions {
  /**
   * The DSN, or how to read it: it may be set long after the service has started, so it is asked for again every five
   * minutes. A secret's whole text will do, the DSN itself or a JSON object with `dsn`.
   *
   * @default no Sentry
   */
  readonly dsn?: string | (() => Promise<string | undefined>) | undefined;
  /**
   * Whether an error that nobody caught is reported and then ends the process with exit code 1. Without it Node ends
   * the process before anything has left. Off where somebody else decides, as Next.js does.
   *
   * @default true
   */
  readonly exitOnUncaught?: boolean | undefined;
}

/** What the kit says of itself. A pino logger will do. */
export interface KitLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface ObservabilityOptions {
  /** The service's name in traces, logs and errors: `gateway`. */
  readonly service: string;
  /** Which build this is: the release in Sentry. */
  readonly version: string;
  /** `prod`, `staging`, … */
  readonly environment: string;
  readonly otel: OtelOptions;
  /** @default no Sentry */
  readonly sentry?: SentryOptions | undefined;
  /**
   * Whether what a request says of traces is believed. What is not believed begins a trace of its own, and its headers
   * `traceparent`, `tracestate`, `baggage`, `x-amzn-trace-id` and `sentry-trace` are gone before anybody sees them. Asked
   * for each request while tracing is on, before anything else happens to it.
   *
   * @default nobody is believed
   */
  readonly trustsTraceOf?: ((request: IncomingMessage) => boolean) | undefined;
  /**
   * Whether a request makes no spans, by its path.
   *
   * @default `/health`, `/metrics` and what lies below them
   */
  readonly untraced?: ((path: string) => boolean) | undefined;
  /** What is said of the kit itself, such as that the collector does not answer. @default nothing is said */
  readonly log?: KitLog | undefined;
}

/** What a load balancer or a scraper asks every few seconds tells nobody anything. */
export function isProbe(path: string): boolean {
  return /^\/(?:health|metrics)(?:\/|$)/.test(path);
}
