import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { PlatformSettings } from '../shared/platform-settings';

/** What every service is told, the same way; its own contract has these variables. */
export interface ServiceVariables {
  readonly GOLIVE_ENV: string;
  readonly SERVICE_VERSION: string;
  readonly LOG_LEVEL: PlatformSettings['logLevel'];
  readonly AWS_REGION: string;
  /** Less than the container's stop time-out, seconds. */
  readonly SHUTDOWN_SECONDS: string;
  readonly SENTRY_DSN_SECRET_ID?: string | undefined;
  readonly OTEL_ENABLED?: string;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly OTEL_SAMPLE_RATIO?: string;
  readonly OTEL_TRACES_PER_SECOND?: string;
}

export type ManagedVariable = keyof ServiceVariables;

export interface ManagedVariablesOptions {
  /** Which build it is. */
  readonly version: string;
  readonly shutdownSeconds: number;
  /** @default nothing is traced, and nothing says so */
  readonly tracing?: Pick<
    ServiceVariables,
    'OTEL_ENABLED' | 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SAMPLE_RATIO' | 'OTEL_TRACES_PER_SECOND'
  >;
}

export function managedVariables(
  stack: Stack,
  platform: PlatformSettings,
  { version, shutdownSeconds, tracing }: ManagedVariablesOptions,
): ServiceVariables {
  return {
    GOLIVE_ENV: platform.environmentName,
    SERVICE_VERSION: version,
    LOG_LEVEL: platform.logLevel,
    AWS_REGION: stack.region,
    SHUTDOWN_SECONDS: String(shutdownSeconds),
    // By its ARN without the end that Secrets Manager gives it, which is known only later: then whoever asks which services
    // use a secret finds it here, and a name alone would not say.
    SENTRY_DSN_SECRET_ID:
      platform.sentryDsn &&
      stack.formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: platform.sentryDsn.name,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ...tracing,
  };
}
