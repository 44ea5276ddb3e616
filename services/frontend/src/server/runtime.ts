import { AsyncLocalStorage } from 'node:async_hooks';
import { GoLiveError } from '../../../../core/shared/errors';
import type { Gateway } from '../gateway/gateway';
import type { CookieNames } from '../session/cookies';

/** What the process was started with, and what it lends to pages and routes. */
export interface FrontendRuntime {
  readonly environment: string;
  readonly version: string;
  /** Whether people come by HTTPS. */
  readonly https: boolean;
  readonly cookies: CookieNames;
  readonly gateway: Gateway;
  readonly log: RuntimeLog;
  /** Sentry's DSN as it was last read; undefined until then, and while there is none. */
  readonly sentryDsn: () => string | undefined;
  readonly isStopping: () => boolean;
}

export interface RuntimeLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** What is known of the request that is being answered, and what its answer is to carry besides the page. */
export interface RequestContext {
  /** 32 hex digits: the trace's id, or one of its form where nothing is traced. */
  readonly traceId: string;
  /** The address of the person's machine. */
  readonly address: string;
  /** Path and query, as they were asked for. */
  readonly url: string;
  readonly cookies: ReadonlyMap<string, string>;
  /** Pages cannot choose their status: Next.js knows 200, 404 and 500. */
  status: number | undefined;
  readonly headers: [name: string, value: string][];
}

/** A page was rendered by something that is not `main.js`, such as `next start`. */
export class NoRuntimeError extends GoLiveError {
  readonly code = 'NoRuntimeError';
}

/**
 * One for the process and not for the module: Next.js bundles pages, routes and instrumentation each for themselves, and
 * the server is a bundle of its own.
 */
const KEY = Symbol.for('golive.frontend');

interface Shared {
  runtime: FrontendRuntime | undefined;
  readonly requests: AsyncLocalStorage<RequestContext>;
}

const holder = globalThis as { [KEY]?: Shared };

function shared(): Shared {
  return (holder[KEY] ??= { runtime: undefined, requests: new AsyncLocalStorage() });
}

/** Called once, by the server, before anything is rendered. */
export function lendRuntime(runtime: FrontendRuntime | undefined): void {
  shared().runtime = runtime;
}

/** @throws NoRuntimeError */
export function runtime(): FrontendRuntime {
  const { runtime: lent } = shared();
  if (lent) return lent;
  throw new NoRuntimeError('nothing was started that pages could use; start main.js and not next itself');
}

/** Answers a request with what is known of it at hand. */
export function withRequest<Result>(context: RequestContext, answer: () => Result): Result {
  return shared().requests.run(context, answer);
}

/** @throws NoRuntimeError outside a request */
export function currentRequest(): RequestContext {
  const context = shared().requests.getStore();
  if (context) return context;
  throw new NoRuntimeError('this is no request that main.js has taken; start main.js and not next itself');
}
