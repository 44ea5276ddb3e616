import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemKind } from '../http/problem';

/** What every route is given. */
export interface RouteContext {
  /** Lets in only who is signed in. */
  readonly authenticated: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/** What any route may end with that only who is signed in may ask. */
export const ALWAYS_POSSIBLE = [
  'not-signed-in',
  'rate-limited',
  'internal-error',
  'unavailable',
] as const satisfies readonly ProblemKind[];

/** What a route may end with besides that takes a body. */
export const WITH_BODY = [
  'invalid-request',
  'too-large',
  'unsupported-media-type',
] as const satisfies readonly ProblemKind[];

export const BEARER = [{ bearer: [] }];
