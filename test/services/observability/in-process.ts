import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  annotate,
  captureError,
  createLogger,
  currentTraceId,
  setUser,
  startObservability,
  withSpan,
  type ObservabilityOptions,
} from '@golive/observability';
import fastify from 'fastify';

/** A service that uses the kit, in this process, behind two doors: one for everybody, one whose callers are believed. */
export interface Service {
  readonly publicUrl: string;
  readonly internalUrl: string;
  /** Every line of its log. */
  readonly lines: Record<string, unknown>[];
  /** Resolves once what it had to send has left. */
  stop(deadlineMs?: number): Promise<void>;
}

export type ServiceOptions = Partial<Omit<ObservabilityOptions, 'otel'>> & {
  readonly otel?: Partial<ObservabilityOptions['otel']>;
  /** Whom `/call` calls. */
  readonly peer?: string;
};

export async function startService({ otel, peer = '', ...options }: ServiceOptions): Promise<Service> {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    service: 'observed',
    environment: 'test',
    version: '1.2.3',
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  let internalPort = -1;
  const observability = await startObservability({
    service: 'observed',
    version: '1.2.3',
    environment: 'test',
    otel: { enabled: true, endpoint: 'http://127.0.0.1:9', sampleRatio: 1, ...otel },
    trustsTraceOf: ({ socket }) => socket.localPort === internalPort,
    log,
    ...options,
  });
  const app = fastify({ loggerInstance: log });

  app.addHook('onRequest', (request, _reply, done) => {
    const user = request.headers['x-user'];
    if (typeof user === 'string') setUser({ id: user });
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    captureError(error, { component: 'http', tags: { route: request.routeOptions.url } });
    request.log.error({ err: error }, 'a request failed');
    void reply.code(500).send({ traceId: currentTraceId() });
  });
  app.get('/read/:id', () => Promise.resolve({ traceId: currentTraceId() }));
  app.get('/fail', () =>
    withSpan('work', {}, () => Promise.reject(new TypeError('it broke: password=s3cr3t'))),
  );
  app.get('/call', async () => ({
    traceId: currentTraceId(),
    received: await (await fetch(peer)).json(),
  }));
  app.post('/body', (request) =>
    withSpan('digest', { 'body.kind': 'json' }, async () => {
      await Promise.resolve();
      annotate({ 'body.bytes': JSON.stringify(request.body).length });
      return { traceId: currentTraceId() };
    }),
  );
  app.get('/hang', () => new Promise(() => undefined));
  app.get('/headers', (request) => Promise.resolve(request.headers));
  app.get('/health/ready', () =>
    withSpan('look', {}, () => Promise.resolve({ traceId: currentTraceId() ?? null })),
  );

  await app.listen({ port: 0, host: '127.0.0.1' });
  const internal = createServer((request, response) => app.routing(request, response));
  await listen(internal);
  internalPort = portOf(internal);

  return {
    publicUrl: `http://127.0.0.1:${portOf(app.server)}`,
    internalUrl: `http://127.0.0.1:${internalPort}`,
    lines,
    async stop(deadlineMs = 30_000) {
      await Promise.all([app.close(), close(internal)]);
      await observability.shutdown(deadlineMs);
    },
  };
}

/** Somebody who is called, and says with which headers: those on the wire, for the kit stands before this server too. */
export async function startPeer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, i) =>
      i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]]] : [],
    );
    response.setHeader('content-type', 'application/json').end(JSON.stringify(Object.fromEntries(headers)));
  });
  await listen(server);
  // Its own spans would stand among those that are looked at.
  return { url: `http://127.0.0.1:${portOf(server)}/health`, close: () => close(server) };
}

export interface Answer {
  readonly traceId: string;
  readonly received: IncomingHttpHeaders;
}

/** A JSON answer, whatever its status. */
export async function get<Result = Answer>(url: string, init: RequestInit = {}): Promise<Result> {
  return (await (await fetch(url, init)).json()) as Result;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
