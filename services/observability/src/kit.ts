import type { Attributes, SpanHandle } from './span-handle';

/** Which trace, and which span of it, something belongs to. */
export interface TraceIdentity {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the trace is recorded. What is not has its ids nevertheless, for logs, errors and whoever is called next. */
  readonly sampled: boolean;
}

/** What is known of the request that is being answered. */
export interface RequestScope {
  /** The request's own span, recorded or not. */
  readonly identity: TraceIdentity | undefined;
  /** The id of whoever asks, once the token has been read. */
  user: string | undefined;
}

/** What tracing does once it is on. */
export interface Tracing {
  withSpan<Result>(name: string, attributes: Attributes, run: (span: SpanHandle) => Result): Result;
  annotate(attributes: Attributes): void;
  identity(): TraceIdentity | undefined;
  /** Marks the current span as failed. */
  recordError(error: unknown): void;
  scope(): RequestScope | undefined;
  shutdown(deadlineMs: number): Promise<void>;
}

/** An error on its way out. */
export interface ErrorReport {
  readonly error: unknown;
  readonly level: 'error' | 'fatal';
  readonly tags: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly trace: TraceIdentity | undefined;
}

/** What takes errors once there is a place to send them to. */
export interface Reporter {
  report(report: ErrorReport): void;
  /** Resolves when all that was reported has left, or the deadline has passed. Never rejects. */
  flush(deadlineMs: number): Promise<void>;
  close(deadlineMs: number): Promise<void>;
}

/** What is on in this process. Everything is off until `startObservability` says otherwise. */
export interface Kit {
  started: boolean;
  tracing: Tracing | undefined;
  reporter: Reporter | undefined;
  /** The scope of the current request. */
  scope: () => RequestScope | undefined;
}

export const noScope = (): undefined => undefined;

/**
 * One for the process and not for the module: a bundler may put this module into several bundles, as Next.js does with
 * its instrumentation and its pages, and they have to find the same kit.
 */
const KEY = Symbol.for('golive.observability');
const holder = globalThis as { [KEY]?: Kit };

export const kit: Kit = (holder[KEY] ??= {
  started: false,
  tracing: undefined,
  reporter: undefined,
  scope: noScope,
});
