import { captureError, type ErrorContext } from '@golive/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnknownKeyError } from '../../../../core/secrets/key-ring';
import { INVALID_PASSWORD, isLoginRefused } from '../database/failures';
import { PROBLEM_MEDIA_TYPE, problemDocument, ProblemError } from './problem';
import { problemOf } from './request-problem';
import { pathOf } from './trace-id';

/**
 * Ends a request with a problem. What nobody foresaw is logged, and reported; so are credentials that are refused, which
 * is what a rotation looks like that went wrong. The reporter sends only so many a minute.
 */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  const unforeseen = problem.kind === 'internal-error';
  if (problem.status >= 500) {
    request.log[unforeseen ? 'error' : 'warn']({ err: problem.cause ?? problem }, problem.message);
  }
  const told = refusedCredentials(problem.cause) ?? (unforeseen ? { component: 'gateway' } : undefined);
  if (told) captureError(problem.cause, told);
  send(problem, request, reply);
}

/** The tags of Sentry's rule on refused credentials (`core/sentry/desired/rules.ts`). */
function refusedCredentials(cause: unknown): ErrorContext | undefined {
  if (cause instanceof UnknownKeyError) return { component: 'auth', tags: { 'auth.failure': 'unknown_kid' } };
  if (isLoginRefused(cause)) return { component: 'database', tags: { 'db.auth': INVALID_PASSWORD } };
  return undefined;
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  send(new ProblemError('not-found', 'Nothing is at this path, or not for this method.'), request, reply);
}

function send(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  const body = problemDocument(problem, { path: pathOf(request.url), traceId: request.id });
  // Made by hand: a route describes its answers, and a problem may come of anything.
  void reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type(PROBLEM_MEDIA_TYPE)
    .serializer(JSON.stringify)
    .send(body);
}
