import { setUser } from '@golive/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Limiter } from '../limits/limiter';
import { notSignedIn, type Sessions, type SignedIn } from '../sessions/sessions';
import { limitHeaders, refuseExceeded } from './limit-headers';

/** Before the body is read: refuses who is not signed in, and who has asked too often. */
export function authenticate(sessions: Pick<Sessions, 'check'>, limiter: Pick<Limiter, 'take'>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw notSignedIn('Send the token that signing in gave, as a bearer token.');
    const signedIn = await sessions.check(token);
    request.signedIn = signedIn;
    setUser({ id: signedIn.userId });
    const state = await limiter.take(signedIn.userId);
    request.limits = [...request.limits, state];
    void reply.headers(limitHeaders(request.limits));
    refuseExceeded([state]);
  };
}

/** Who makes the request, in a handler behind {@link authenticate}. */
export function signedInOf(request: FastifyRequest): SignedIn {
  if (request.signedIn) return request.signedIn;
  throw new Error(`${request.routeOptions.url ?? 'a route'} asks who is signed in and lets everybody in`);
}
