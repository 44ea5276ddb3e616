import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { LimitState } from '../limits/limiter';
import type { SignedIn } from '../sessions/sessions';

/** The API, with schemas of zod. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the time a handler of a route runs that only who is signed in may ask. */
    signedIn: SignedIn | null;
    /** What is left of the limits that the request has been counted for. */
    limits: readonly LimitState[];
  }
}
