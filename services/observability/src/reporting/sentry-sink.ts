/** The only file through which Sentry's SDK is loaded. Import it dynamically: without a DSN nothing of it is needed. */
import { randomUUID } from 'node:crypto';
import {
  defaultStackParser,
  linkedErrorsIntegration,
  makeNodeTransport,
  NodeClient,
  Scope,
} from '@sentry/node';
import { allowedEvent } from '../../../../core/observability/sentry-event';
import { TAGS } from '../errors';
import type { ErrorReport } from '../kit';

export interface SentrySink {
  /** @returns whether Sentry accepted the event */
  send(report: ErrorReport, timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface SentrySinkOptions {
  readonly dsn: string;
  readonly environment: string;
  readonly release: string;
}

/**
 * A client of our own instead of `Sentry.init`: nothing is hooked into the process, so there is no second tracer
 * (whatever `SENTRY_TRACES_SAMPLE_RATE` says), no OpenTelemetry of Sentry's, no breadcrumbs, no recorded requests,
 * consoles or local variables, no sessions and no logs. Errors come in through {@link SentrySink.send} and by no other
 * way, and say themselves which trace they belong to. That also serves the traces that are not recorded, of which
 * `openTelemetryIntegration` knows nothing.
 */
export function createSentrySink({ dsn, environment, release }: SentrySinkOptions): SentrySink {
  const client = new NodeClient({
    dsn,
    environment,
    release,
    // An error's causes are part of what it says.
    integrations: [linkedErrorsIntegration()],
    transport: makeNodeTransport,
    stackParser: defaultStackParser,
    enableOpenTelemetrySetup: false,
    // Or the SDK rewrites modules as they are loaded, for spans that nobody asked it for.
    enableRuntimeChannelInjection: false,
    traceLifecycle: 'static',
    includeServerName: false,
    sendClientReports: false,
    // What is not collected need not be taken out again. Every class is named: what is left out is on.
    dataCollection: {
      userInfo: false,
      cookies: false,
      httpHeaders: false,
      httpBodies: [],
      urlQueryParams: false,
      graphQL: { document: false, variables: false },
      genAI: { inputs: false, outputs: false },
      databaseQueryData: false,
      queues: false,
      stackFrameVariables: false,
      frameContextLines: 0,
    },
    beforeSend: (event, hint) => {
      // Attachments travel beside the event, where nothing would scrub them.
      hint.attachments = [];
      return allowedEvent(event, { tags: TAGS, userId: true, breadcrumbs: false });
    },
    beforeSendTransaction: () => null,
    beforeSendLog: () => null,
    beforeSendMetric: () => null,
  });
  client.init();

  return {
    async send(report, timeoutMs) {
      let accepted = false;
      const eventId = randomUUID().replaceAll('-', '');
      const stopListening = client.on('afterSendEvent', (event, { statusCode = 0 }) => {
        if (event.event_id === eventId) accepted = statusCode >= 200 && statusCode < 300;
      });
      const hint = {
        event_id: eventId,
        originalException: report.error,
        mechanism: { type: 'generic', handled: report.level !== 'fatal' },
      };
      client.captureException(report.error, hint, scopeOf(report));
      await client.flush(timeoutMs);
      stopListening();
      return accepted;
    },
    async close() {
      // Without a time it would wait for ever, and with 0, too. What had to leave has left by now.
      await client.close(1);
    },
  };
}

function scopeOf({ level, tags, user, trace }: ErrorReport): Scope {
  const scope = new Scope();
  scope.setLevel(level);
  scope.setTags(tags);
  if (user !== undefined) scope.setUser({ id: user });
  if (trace !== undefined) scope.setContext('trace', { trace_id: trace.traceId, span_id: trace.spanId });
  return scope;
}
