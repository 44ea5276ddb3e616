import helmet from '@fastify/helmet';
import { currentTraceId } from '@golive/observability';
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Limiter } from '../limits/limiter';
import type { Metrics } from '../metrics/metrics';
import { answerNotFound, answerProblem } from './answer-problem';
import type { App } from './app-types';
import { addressGroup, clientAddress } from './client-address';
import { limitHeaders, refuseExceeded } from './limit-headers';
import { describeApi } from './openapi';
import { logRequests } from './request-log';
import { newRequestId } from './trace-id';

export interface AppOptions {
  readonly logger: FastifyBaseLogger;
  readonly version: string;
  /** Counts the requests of one address. */
  readonly perAddress: Pick<Limiter, 'take'>;
  readonly metrics: Pick<Metrics, 'request' | 'requestBegins'>;
  /** Whether it is to end: then connections are not kept. */
  readonly isStopping: () => boolean;
  readonly routes: (app: App) => void;
}

/** A body of the API has some hundred bytes. */
const BODY_BYTES = 64 * 1024;

/** The API without its sockets. Whatever comes in, a route's answer goes out, or a problem. */
export async function buildApp(options: AppOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: options.logger,
    // One line for each request is enough: `logRequests` writes it.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    // Inside a trace every line has its ids already, and a request needs no logger of its own.
    childLoggerFactory: (logger, bindings, childOptions) =>
      currentTraceId() === undefined ? logger.child(bindings, childOptions) : logger,
    genReqId: newRequestId,
    requestIdHeader: false,
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: 100 },
    // Our own servers end requests, and all are answered first.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerNotFound(request, reply));
  // JSON alone: a body that is only text is none of ours.
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('signedIn', null);
  app.decorateRequest('limits');
  logRequests(app, options.metrics);
  app.addHook('onRequest', async (request, reply) => {
    request.limits = [];
    // Who asks whether it is alive asks every few seconds, and from one address.
    if (request.url.startsWith('/health/')) return;
    const state = await options.perAddress.take(addressGroup(clientAddress(request.raw)));
    request.limits = [state];
    void reply.headers(limitHeaders(request.limits));
    refuseExceeded([state]);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (options.isStopping()) void reply.header('connection', 'close');
    // An answer is somebody's own unless its route says otherwise.
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    done(null, payload);
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
  });
  await describeApi(app, options.version);
  options.routes(app);
  await app.ready();
  return app;
}
