import type { Metrics } from '../metrics/metrics';
import type { App } from './app-types';
import { pathOf } from './trace-id';

/** One line for each request, when it has been answered: no body, no query, no header. */
export function logRequests(app: App, metrics: Pick<Metrics, 'request' | 'requestBegins'>): void {
  app.addHook('onRequest', (_request, _reply, done) => {
    metrics.requestBegins();
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, signedIn } = request;
    const route = routeOptions.url ?? '(none)';
    const milliseconds = reply.elapsedTime;
    metrics.request({ method, route, status: reply.statusCode }, milliseconds / 1000);
    app.log.info(
      {
        method,
        route,
        path: pathOf(request.url),
        status: reply.statusCode,
        durationMs: Math.round(milliseconds * 10) / 10,
        trace_id: request.id,
        ...(signedIn && { userId: signedIn.userId }),
      },
      'request',
    );
    done();
  });
  app.addHook('onRequestAbort', (request, done) => {
    app.log.info({ method: request.method, trace_id: request.id }, 'the client hung up');
    done();
  });
}
