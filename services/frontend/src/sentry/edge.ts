import { captureException, flush, init } from '@sentry/nextjs';
import { allowedEvent } from '../../../../core/observability/sentry-event';

export interface EdgeErrors {
  readonly dsn: string;
  readonly environment: string;
  readonly release: string;
}

/**
 * Sentry for what runs in Next.js's edge runtime, where the kit of `@golive/observability` cannot: errors alone, no
 * tracing, nothing hooked into the runtime, and every event built anew by the allow-list.
 */
export function startEdgeErrors({ dsn, environment, release }: EdgeErrors): void {
  init({
    dsn,
    environment,
    release,
    defaultIntegrations: false,
    integrations: [],
    enableOpenTelemetrySetup: false,
    sendClientReports: false,
    maxBreadcrumbs: 0,
    dataCollection: {
      userInfo: false,
      cookies: false,
      httpHeaders: false,
      httpBodies: [],
      urlQueryParams: false,
      stackFrameVariables: false,
      frameContextLines: 0,
    },
    beforeSend: (event, hint) => {
      hint.attachments = [];
      return allowedEvent(event, { tags: ['service', 'component', 'route'], breadcrumbs: false });
    },
  });
}

/** Reports what a route of the edge runtime threw, and waits until it has left: the runtime may end with the answer. */
export async function captureEdgeError(error: unknown, route: string): Promise<void> {
  captureException(error, { tags: { service: 'frontend', component: 'edge', route } });
  await flush(2_000);
}
