import { createLogger, startObservability } from '@golive/observability';
import { readCommand } from './commands/read-command';
import { GatewayEnvironment } from './environment';
import { isTrusted } from './http/trusted';
import { readSentryDsn } from './sentry-dsn';

/**
 * The gateway's program.
 *
 *     node main.js                                          serves the API until SIGTERM
 *     node main.js migrate                                  brings the database to this version's form
 *     node main.js create-user --email … --name …           makes a user, or gives one a new password: it is read
 *                                                           from standard input
 */
async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2));
  const environment = GatewayEnvironment.parse(process.env);
  const log = createLogger({
    service: 'gateway',
    environment: environment.GOLIVE_ENV,
    version: environment.SERVICE_VERSION,
    level: environment.LOG_LEVEL,
  });
  // Before anything is loaded that it instruments.
  const observability = await startObservability({
    service: 'gateway',
    version: environment.SERVICE_VERSION,
    environment: environment.GOLIVE_ENV,
    otel: {
      enabled: environment.OTEL_ENABLED,
      endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampleRatio: environment.OTEL_SAMPLE_RATIO,
      tracesPerSecond: environment.OTEL_TRACES_PER_SECOND,
    },
    sentry: { dsn: readSentryDsn(environment.SENTRY_DSN_SECRET_ID) },
    trustsTraceOf: isTrusted,
    log,
  });
  try {
    switch (command.name) {
      case 'serve': {
        const { serve } = await import('./commands/serve');
        return await serve({ environment, log, observability });
      }
      case 'migrate': {
        const { migrate } = await import('./commands/migrate');
        await migrate({ environment, log });
        break;
      }
      case 'create-user': {
        const { createUser } = await import('./commands/create-user');
        await createUser({ environment, log, ...command });
        break;
      }
    }
    await observability.shutdown();
  } catch (error) {
    // The last line says what was wrong: whoever started this task shows the end of its log.
    const { reportFailure } = await import('./commands/report-failure');
    await observability.shutdown();
    reportFailure(log, command.name, error);
    process.exitCode = 1;
    // Something that was opened may hold the process.
    setImmediate(() => process.exit());
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
