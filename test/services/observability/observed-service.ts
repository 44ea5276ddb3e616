/**
 * A service that uses the kit, in a process of its own: what is instrumented must be loaded after the kit, by Node itself
 * and not by Jest. Messages: see `watch.ts`.
 */
import type { AddressInfo } from 'node:net';
import {
  captureError,
  createLogger,
  currentTraceId,
  startObservability,
  type Logger,
} from '@golive/observability';
import type { ServiceJob, ServiceReady } from './watch';

process.once('message', (job: ServiceJob) => {
  run(job).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

async function run(job: ServiceJob): Promise<void> {
  const log = createLogger({
    service: 'observed',
    environment: 'test',
    version: '1.2.3',
    destination: { write: (line) => process.send?.({ line }) },
  });
  const observability = await startObservability({
    service: 'observed',
    version: '1.2.3',
    environment: 'test',
    otel: {
      enabled: job.endpoint !== undefined,
      endpoint: job.endpoint ?? '',
      sampleRatio: job.sampleRatio ?? 1,
    },
    sentry: { dsn: job.dsn },
    log,
  });

  const { default: fastify } = await import('fastify');
  const app = fastify({ loggerInstance: log });
  const libraries = await openLibraries(job, log);

  app.setErrorHandler((error, request, reply) => {
    request.log.error({ err: error }, 'a request failed');
    captureError(error, { component: 'http', tags: { route: request.routeOptions.url } });
    void reply.code(500).send({ traceId: currentTraceId() });
  });
  app.get('/read/:id', async () => {
    await libraries.read();
    return { traceId: currentTraceId() };
  });
  app.get('/query', () => libraries.failingQuery());
  app.get('/fail', () => Promise.reject(new Error('somebody catches this')));
  app.get('/loaded', () => Promise.resolve(Object.keys(require.cache)));

  await app.listen({ port: 0, host: '127.0.0.1' });
  process.on('message', (message) => {
    if (message === 'throw') setImmediate(() => throwUncaught());
    if (message !== 'stop') return;
    void (async () => {
      await app.close();
      await libraries.close();
      await observability.shutdown();
      process.exit(0);
    })();
  });
  const ready: ServiceReady = { port: (app.server.address() as AddressInfo).port };
  process.send?.(ready);
}

function throwUncaught(): never {
  throw new Error('nobody catches this');
}

async function openLibraries({ redis, postgres }: ServiceJob, log: Logger) {
  const [cache, database] = await Promise.all([
    redis === undefined ? undefined : openRedis(redis, log),
    postgres === undefined ? undefined : openPostgres(postgres),
  ]);
  return {
    async read() {
      await cache?.set('user:jane.doe@example.com', 'cached');
      await database?.pool.query('SELECT $1::text AS answer', ['s3cr3t']);
      await database?.prisma.$queryRawUnsafe('SELECT 2 AS two');
    },
    async failingQuery() {
      await database?.pool.query("SELECT 'jane.doe@example.com'::uuid");
    },
    async close() {
      cache?.destroy();
      await database?.prisma.$disconnect();
      await database?.pool.end();
    },
  };
}

async function openRedis({ port, ca, username, password }: NonNullable<ServiceJob['redis']>, log: Logger) {
  const { createClient } = await import('redis');
  const client = createClient({ socket: { host: 'localhost', port, tls: true, ca }, username, password });
  client.on('error', (error: Error) => log.warn({ err: error }, 'the cache'));
  await client.connect();
  return client;
}

async function openPostgres({ caFile, ...endpoint }: NonNullable<ServiceJob['postgres']>) {
  const [{ Pool }, { PrismaPg }, { PrismaClient }, { readFile }] = await Promise.all([
    import('pg'),
    import('@prisma/adapter-pg'),
    import('../../../services/gateway/src/generated/prisma/client'),
    import('node:fs/promises'),
  ]);
  const pool = new Pool({ ...endpoint, max: 2, ssl: { ca: await readFile(caFile, 'utf8') } });
  return { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) };
}
