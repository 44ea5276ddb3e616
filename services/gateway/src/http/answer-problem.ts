import { captureError } from '@golive/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_MEDIA_TYPE, problemDocument, ProblemError } from './problem';
import { problemOf } from './request-problem';
import { pathOf, traceIdOf } from './trace-id';

/** Ends a request with a problem. What nobody foresaw is logged, and reported. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem.status >= 500) {
    const unforeseen = problem.kind === 'internal-error';
    request.log[unforeseen ? 'error' : 'warn']({ err: problem.cause ?? problem }, problem.message);
    if (unforeseen) captureError(problem.cause, { component: 'gateway' });
  }
  send(problem, request, reply);
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  send(new ProblemError('not-found', 'Nothing is at this path, or not for this method.'), request, reply);
}

function send(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  const body = problemDocument(problem, { path: pathOf(request.url), traceId: traceIdOf(request) });
  // Made by hand: a route describes its answers, and a problem may come of anything.
  void reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type(PROBLEM_MEDIA_TYPE)
    .serializer(JSON.stringify)
    .send(body);
}
