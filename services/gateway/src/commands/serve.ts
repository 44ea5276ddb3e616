import type { RequestListener, Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, Observability } from '@golive/observability';
import type { GatewayEnvironment } from '../environment';
import { gatewayApi } from '../gateway-api';
import { apiServer, listen, stopServing } from '../http/listeners';
import { trustServer } from '../http/trusted';
import { Lifecycle } from '../lifecycle/lifecycle';
import { gatewayMetrics } from '../metrics/metrics';
import { metricsServer } from '../metrics/metrics-server';
import { openParts, type Parts } from '../parts';

export interface ServeOptions {
  readonly environment: GatewayEnvironment;
  readonly log: Logger;
  readonly observability: Observability;
}

/** The first connection is made before anybody waits for it; when it cannot be, the gateway begins without. */
const WARM_UP_MS = 5_000;

/** Starts the API, and answers when it listens. It ends with the process, after a signal. */
export async function serve({ environment, log, observability }: ServeOptions): Promise<void> {
  const metrics = gatewayMetrics({
    waitingForDatabase: () => parts.database.waiting(),
    isCacheReady: () => parts.cache.isReady,
  });
  const parts = await openParts(environment, { log, onMetric: (metric) => metrics.secret(metric) });
  // Empty until they listen: a signal may come before.
  const servers: Server[] = [];
  const lifecycle = new Lifecycle({
    deadlineMs: environment.SHUTDOWN_SECONDS * 1000,
    delayMs: environment.SHUTDOWN_DELAY_SECONDS * 1000,
    log,
    exit: (code) => process.exit(code),
    steps: [
      ['answering what has begun', () => Promise.all(servers.map(stopServing))],
      ['closing connections', () => parts.close()],
      ['sending traces and errors', () => observability.shutdown()],
    ],
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => lifecycle.signal(signal));
  const app = await gatewayApi({
    environment: environment.GOLIVE_ENV,
    version: environment.SERVICE_VERSION,
    perMinute: {
      address: environment.RATE_LIMIT_ADDRESS_PER_MINUTE,
      user: environment.RATE_LIMIT_USER_PER_MINUTE,
    },
    tokenSeconds: environment.TOKEN_MINUTES * 60,
    database: parts.database.client,
    cache: parts.cache,
    tokens: parts.tokens,
    metrics,
    logger: log,
    isStopping: () => lifecycle.isStopping,
  });
  const listener: RequestListener = (request, response) => app.routing(request, response);
  const [edge, internal, scraped] = [
    apiServer(listener),
    apiServer(listener),
    metricsServer(metrics.registry),
  ];
  trustServer(internal);
  await warmUp(parts, log);
  servers.push(edge, internal, scraped);
  const host = environment.BIND_ADDRESS;
  const [port, internalPort, metricsPort] = await Promise.all([
    listen(edge, environment.PORT, host),
    listen(internal, environment.INTERNAL_PORT, host),
    listen(scraped, environment.METRICS_PORT, '127.0.0.1'),
  ]);
  log.info({ port, internalPort, metricsPort }, 'serving');
}

async function warmUp({ database }: Parts, log: Pick<Logger, 'warn'>): Promise<void> {
  const late = delay(WARM_UP_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${WARM_UP_MS} ms`);
  });
  await Promise.race([database.client.$queryRaw`SELECT 1`, late]).catch((error: unknown) => {
    log.warn({ err: error }, 'the database is away; the gateway begins without it, and is not ready');
  });
}
