import { createLogger, isProbe, startObservability, type Logger } from '@golive/observability';
import * as z from 'zod';
import { FrontendEnvironment } from '../environment';
import { consoleToLog, warningsToLog } from './console-to-log';
import { keepFewNextSpans } from './next-spans';
import { isFile } from './route';
import { SentryDsn } from './sentry-dsn';

/**
 * The frontend's program: serves until SIGTERM. It starts Next.js and not the other way round, because traces must be on
 * before anything that they watch is loaded, and because Next.js's own server can neither put headers on every answer nor
 * end without losing a request (decision 1301).
 */
async function main(): Promise<void> {
  const environment = FrontendEnvironment.parse(process.env);
  const log = createLogger({
    service: 'frontend',
    environment: environment.GOLIVE_ENV,
    version: environment.SERVICE_VERSION,
    level: environment.LOG_LEVEL,
  });
  consoleToLog(log);
  warningsToLog(log);
  const dsn = sentryDsn(environment, log);
  const observability = await startObservability({
    service: 'frontend',
    version: environment.SERVICE_VERSION,
    environment: environment.GOLIVE_ENV,
    otel: {
      enabled: environment.OTEL_ENABLED,
      endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampleRatio: environment.OTEL_SAMPLE_RATIO,
      tracesPerSecond: environment.OTEL_TRACES_PER_SECOND,
    },
    sentry: { dsn: dsn && (() => dsn.read()) },
    // Everybody who comes in here comes from outside: each request begins a trace.
    trustsTraceOf: () => false,
    untraced: (path) => isProbe(path) || isFile(path),
    log,
  });
  keepFewNextSpans();
  // The edge runtime has a world of its own; what it knows of ours is the environment.
  void dsn?.read().then((value) => value !== undefined && (process.env['GOLIVE_SENTRY_DSN'] = value));
  const { serve } = await import('./serve');
  await serve({ environment, log, observability, sentryDsn: () => dsn?.current() });
}

function sentryDsn(
  { SENTRY_DSN_SECRET_ID: secretId }: FrontendEnvironment,
  log: Logger,
): SentryDsn | undefined {
  if (secretId === undefined) return undefined;
  return new SentryDsn({
    secretId,
    log,
    secretsManager: async () => {
      const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
      return new SecretsManagerClient({
        maxAttempts: 2,
        requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
      });
    },
  });
}

main().catch((error: unknown) => {
  const reason =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.stack : error;
  process.stderr.write(
    `${JSON.stringify({ level: 'ERROR', message: 'the frontend did not start', reason })}\n`,
  );
  process.exit(1);
});
