import * as z from 'zod';
import type { Cache } from '../cache/cache';
import type { Database } from '../database/database';
import type { App } from '../http/app-types';
import { problemResponses } from '../http/problem';

const Live = z.object({ status: z.literal('ok') }).meta({ id: 'Live' });

const Ready = z
  .object({
    status: z.enum(['ok', 'degraded', 'not-ready']).describe('Degraded is ready: what is away may come back'),
    database: z.enum(['ok', 'away']),
    cache: z.enum(['ok', 'away']),
    shuttingDown: z.boolean(),
  })
  .meta({ id: 'Ready' });

export interface HealthParts {
  readonly database: Pick<Database, '$queryRaw'>;
  readonly cache: Pick<Cache, 'isReady'>;
  readonly isStopping: () => boolean;
}

/** Longer than this and a load balancer's own time-out decides. */
const DATABASE_MS = 2_000;

/**
 * Two questions. Whoever restarts asks whether it is alive; whoever sends requests asks whether it is ready.
 *
 * A task is ready once it has reached the database. If that goes away later, it stays so: ECS replaces tasks that the
 * load balancer finds not ready, and no new task would fare better; requests are answered with 503 until it is back.
 */
export function healthRoutes(app: App, { database, cache, isStopping }: HealthParts): void {
  let hasReached = false;
  app.route({
    method: 'GET',
    url: '/health/live',
    logLevel: 'silent',
    schema: {
      operationId: 'readLive',
      tags: ['health'],
      summary: 'Whether the process is alive',
      response: { 200: Live.describe('It is'), ...problemResponses('internal-error') },
    },
    handler: () => ({ status: 'ok' as const }),
  });

  app.route({
    method: 'GET',
    url: '/health/ready',
    logLevel: 'silent',
    schema: {
      operationId: 'readReady',
      tags: ['health'],
      summary: 'Whether it can serve',
      response: {
        200: Ready.describe('It can'),
        503: Ready.describe('It cannot now'),
        ...problemResponses('internal-error'),
      },
    },
    handler: async (_request, reply) => {
      const isReachable = await answersInTime(database.$queryRaw`SELECT 1`);
      hasReached ||= isReachable;
      const shuttingDown = isStopping();
      const isReady = hasReached && !shuttingDown;
      return reply.code(isReady ? 200 : 503).send({
        status: !isReady ? 'not-ready' : isReachable && cache.isReady ? 'ok' : 'degraded',
        database: isReachable ? 'ok' : 'away',
        cache: cache.isReady ? 'ok' : 'away',
        shuttingDown,
      });
    },
  });
}

async function answersInTime(question: PromiseLike<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DATABASE_MS);
  });
  try {
    return await Promise.race([
      question.then(
        () => true,
        () => false,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
