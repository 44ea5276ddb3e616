import { captureError } from '@golive/observability/errors';
import type { Instrumentation } from 'next';
import { runtime } from './src/server/runtime';

/**
 * Next.js calls this once in each of its runtimes, before it answers anything. On Node the kit runs already: `main.js`
 * starts it before Next.js is loaded, and it is one for the process. What is left is the edge runtime, which has a world of
 * its own.
 */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] === 'edge') {
    const { startEdgeErrors } = await import('./src/sentry/edge');
    const {
      GOLIVE_SENTRY_DSN: dsn,
      GOLIVE_ENV: environment = '',
      SERVICE_VERSION: release = '',
    } = process.env;
    if (dsn !== undefined) startEdgeErrors({ dsn, environment, release });
  }
}

/** What a page or a route threw. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env['NEXT_RUNTIME'] === 'edge') {
    const { captureEdgeError } = await import('./src/sentry/edge');
    await captureEdgeError(error, context.routePath);
  } else {
    const { routePath: route, routeType: component } = context;
    const { method } = request;
    captureError(error, { component, tags: { route, method } });
    // One of the edge runtime is of another world, and no Error to ours.
    const err = error instanceof Error ? error : new Error(String(error));
    runtime().log.error({ err, route, method }, 'a request failed');
  }
};
