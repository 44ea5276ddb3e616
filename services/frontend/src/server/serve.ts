import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { captureError, type Logger, type Observability } from '@golive/observability';
import type { FrontendEnvironment } from '../environment';
import { createGateway } from '../gateway/gateway';
import { cookieNames } from '../session/cookies';
import { Lifecycle } from './lifecycle';
import { createListener } from './listener';
import { loadNext } from './load-next';
import { lendRuntime } from './runtime';

export interface ServeOptions {
  readonly environment: FrontendEnvironment;
  readonly log: Logger;
  readonly observability: Observability;
  readonly sentryDsn: () => string | undefined;
}

/**
 * How long a client may take, milliseconds. A connection is kept for longer than the load balancer's idle time-out of 60 s,
 * or the load balancer would send a request on one that is being closed.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
 */
const TIMES = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 } as const;
const HEADER_BYTES = 16 * 1024;

/** Starts to serve, and answers when it listens. It ends with the process, after a signal. */
export async function serve({ environment, log, observability, sentryDsn }: ServeOptions): Promise<void> {
  const https = new URL(environment.PUBLIC_ORIGIN).protocol === 'https:';
  const lifecycle = new Lifecycle({
    deadlineMs: environment.SHUTDOWN_SECONDS * 1000,
    delayMs: environment.SHUTDOWN_DELAY_SECONDS * 1000,
    finish: () => observability.shutdown(),
    log,
    exit: (code) => process.exit(code),
  });
  lendRuntime({
    environment: environment.GOLIVE_ENV,
    version: environment.SERVICE_VERSION,
    https,
    cookies: cookieNames(https),
    gateway: createGateway({
      url: environment.GATEWAY_URL,
      version: environment.SERVICE_VERSION,
      onError: (error) => {
        // The gateway has reported itself what it misses; here it would only come once more for each page.
        if (error.code === 'GatewayUnavailableError') return log.warn({ code: error.code }, error.message);
        log.error({ err: error }, error.message);
        captureError(error, { component: 'gateway' });
      },
    }),
    log,
    sentryDsn,
    isStopping: () => lifecycle.isStopping,
  });
  // Where the build has put what `next build` made, seen from this bundle.
  const render = await loadNext(join(__dirname, 'services', 'frontend'), new EventEmitter());
  const isStopping = () => lifecycle.isStopping;
  const server = createServer(
    { ...TIMES, maxHeaderSize: HEADER_BYTES },
    createListener({ publicOrigin: environment.PUBLIC_ORIGIN, render, isStopping, log }),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => lifecycle.signal(signal, server));
  const port = await listen(server, environment.PORT, environment.BIND_ADDRESS);
  log.info({ port, origin: environment.PUBLIC_ORIGIN }, 'serving');
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
