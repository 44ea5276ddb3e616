import { RemovalPolicy } from 'aws-cdk-lib';
import type { EnvironmentConfig } from '../config';
import type { NamedSecret } from './secret-access';
import { secretsKeyAlias, sentryDsnOf } from './sentry-dsn';

/** What every function and log group of an environment shares. */
export interface PlatformSettings {
  /** Such as `prod`. */
  readonly environmentName: string;
  readonly logLevel: EnvironmentConfig['logLevel'];
  /** Days; one of those that CloudWatch Logs accepts. */
  readonly logRetentionDays: number;
  /** What becomes of logs, keys and buckets whose resource leaves the template. */
  readonly removalPolicy: RemovalPolicy;
  /** When alarms sound. */
  readonly alarms: EnvironmentConfig['alarms'];
  /** Where functions find the Sentry DSN. @default Sentry is off */
  readonly sentryDsn?: NamedSecret | undefined;
  /** Whether `golive sentry` makes a cron monitor for every schedule. @default false - nothing reports to one */
  readonly hasCronMonitors?: boolean;
}

/** As they are in the environment's own region. */
export function platformSettings(config: EnvironmentConfig): PlatformSettings {
  return {
    environmentName: config.name,
    logLevel: config.logLevel,
    logRetentionDays: config.logRetentionDays,
    removalPolicy: removalPolicies(config.dataRemoval).other,
    alarms: config.alarms,
    sentryDsn: sentryDsnOf(config, secretsKeyAlias(config.name)),
    hasCronMonitors: config.sentryRules !== undefined,
  };
}

/**
 * Only a database can leave a snapshot behind. Under `snapshot` everything else is retained, its key above
 * all: without the key the snapshot is noise.
 */
export function removalPolicies(dataRemoval: EnvironmentConfig['dataRemoval']): {
  readonly database: RemovalPolicy;
  readonly other: RemovalPolicy;
} {
  switch (dataRemoval) {
    case 'retain':
      return { database: RemovalPolicy.RETAIN, other: RemovalPolicy.RETAIN };
    case 'snapshot':
      return { database: RemovalPolicy.SNAPSHOT, other: RemovalPolicy.RETAIN };
    case 'destroy':
      return { database: RemovalPolicy.DESTROY, other: RemovalPolicy.DESTROY };
  }
}
