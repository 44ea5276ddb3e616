import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { recordErrorOn } from './span-errors';
import { spanOfRequest } from './server-span';

/** Of Fastify, what is used here. The kit does not depend on it: a service may be written without it. */
interface FastifyLike {
  addHook(name: 'onRequest', hook: (request: RequestLike, reply: unknown, done: () => void) => void): unknown;
  addHook(
    name: 'onError',
    hook: (request: RequestLike, reply: ReplyLike, error: Error, done: () => void) => void,
  ): unknown;
}

interface RequestLike {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

interface ReplyLike {
  readonly statusCode: number;
}

/** https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks */
const CHANNEL = 'fastify.initialization';

/**
 * Names the span of a request by its route, `GET /api/v1/projects/:id`, and records what broke it. Two hooks on each
 * Fastify that is made from now on. `@fastify/otel` wraps every hook and handler of every request in a span of its own,
 * recorded or not, and that costs more than the rest of tracing together (decision 1101).
 *
 * @returns how to stop
 */
export function nameSpansByRoute(): () => void {
  const onInitialization = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyLike };
    fastify.addHook('onRequest', (request, _reply, done) => {
      const span = spanOfRequest(request.raw);
      const route = request.routeOptions.url;
      if (span !== undefined && route !== undefined) {
        span.updateName(`${request.method} ${route}`);
        span.setAttribute('http.route', route);
      }
      done();
    });
    fastify.addHook('onError', (request, reply, error, done) => {
      const span = spanOfRequest(request.raw);
      if (span !== undefined && reply.statusCode >= 500) recordErrorOn(span, error);
      done();
    });
  };
  subscribe(CHANNEL, onInitialization);
  return () => unsubscribe(CHANNEL, onInitialization);
}
