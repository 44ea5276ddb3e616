import { randomBytes } from 'node:crypto';
import { currentTraceId } from '@golive/observability';
import type { FastifyRequest } from 'fastify';

/** An id of the same form as a trace's, for a request that is not traced. */
export function newRequestId(): string {
  return randomBytes(16).toString('hex');
}

/** What a request is found by, in logs, traces and errors. */
export function traceIdOf(request: Pick<FastifyRequest, 'id'>): string {
  return currentTraceId() ?? request.id;
}

const LONGEST_PATH = 200;

/** The path alone, and no more of it than a path of ours has: what stands behind it may be anybody's secret. */
export function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0]!.slice(0, LONGEST_PATH);
}
