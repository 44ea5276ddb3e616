/**
 * The only file that loads the Sentry SDK. Import it dynamically: reading the SDK is what would cost a cold
 * start its time.
 */
import { defaultStackParser, makeNodeTransport, NodeClient, Scope } from '@sentry/aws-serverless';
import { allowedEvent } from '../../core/observability/sentry-event';

export interface SentrySink {
  /**
   * @param tags what to find the error by
   * @returns whether Sentry accepted the event
   */
  send(error: Error, tags: Readonly<Record<string, string>>, timeoutMs: number): Promise<boolean>;
}

/**
 * A client of our own instead of `Sentry.init`: nothing is hooked into the process, so there is no tracing
 * (whatever `SENTRY_TRACES_SAMPLE_RATE` says), no OpenTelemetry, no breadcrumbs, no recorded requests, consoles
 * or local variables. Errors come in through {@link SentrySink.send} and by no other way.
 */
export function createSentrySink(options: { dsn: string; environment: string | undefined }): SentrySink {
  const client = new NodeClient({
    dsn: options.dsn,
    environment: options.environment ?? 'unknown',
    integrations: [],
    transport: makeNodeTransport,
    stackParser: defaultStackParser,
    sendDefaultPii: false,
    includeServerName: false,
    sendClientReports: false,
    enableLogs: false,
    enableMetrics: false,
    beforeSend: (event, hint) => {
      // Attachments travel beside the event, where nothing would scrub them.
      hint.attachments = [];
      return allowedEvent(event);
    },
  });
  client.init();

  return {
    async send(error, tags, timeoutMs) {
      let accepted = false;
      const stopListening = client.on('afterSendEvent', (_event, { statusCode }) => {
        accepted = statusCode !== undefined && statusCode >= 200 && statusCode < 300;
      });
      const scope = new Scope();
      scope.setTags(tags);
      client.captureException(error, { mechanism: { type: 'aws-lambda', handled: false } }, scope);
      await client.flush(timeoutMs);
      stopListening();
      return accepted;
    },
  };
}
