import { Duration, Size } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  SECRETS_CHECK_NAMES,
  SECRETS_SEVERITY,
  type SecretsCheckName,
} from '../../core/secrets/status/report';
import { MonitorEnvironment } from '../../lambdas/secrets/monitor/env';
import type { EnvironmentConfig } from '../config';
import { declareAlarm } from '../shared/alarm';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadServices } from './read-services-access';
import { grantReadSecretsOperations } from '../shared/operations-access';

export interface SecretsMonitorJobProps {
  readonly platform: PlatformSettings;
  readonly monitor: EnvironmentConfig['secrets']['monitor'];
  readonly secretArns: readonly string[];
  readonly failureQueue: IQueue;
}

/** Asks every hour whether secrets are in order: one alarm for each of its checks. It can read none of them. */
export class SecretsMonitorJob extends Construct {
  readonly function: PlatformFunction<typeof MonitorEnvironment>;

  constructor(scope: Construct, id: string, props: SecretsMonitorJobProps) {
    super(scope, id);
    const { platform, monitor, secretArns, failureQueue } = props;
    this.function = new PlatformFunction(this, 'Monitor', {
      platform,
      source: { capability: 'secrets', name: 'monitor' },
      packaging: 'zip',
      contract: MonitorEnvironment,
      environment: {},
      timeout: Duration.minutes(5),
      memory: Size.mebibytes(512),
      asynchronous: { failureQueue, retryAttempts: 1 },
    });
    grantReadSecretsOperations(this.function, platform.environmentName);
    this.function.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
        resources: [...secretArns],
      }),
    );
    grantReadServices(this.function);
    this.function.runOn({ minute: String(monitor.minute), hour: '*' });
    for (const check of SECRETS_CHECK_NAMES) this.addCheckAlarm(check);
  }

  /** A check that is critical is an alarm until a later run finds it in order. */
  private addCheckAlarm(check: SecretsCheckName): void {
    declareAlarm(this, `${pascalCase(check)}Alarm`, {
      severity: 'warning',
      anchor: check,
      description: `The secrets' ${check} is critical.`,
      metric: this.function.metricOwn(
        'SecretsHealth',
        { period: Duration.hours(1), statistic: Stats.MAXIMUM },
        { check },
      ),
      threshold: SECRETS_SEVERITY.critical,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'an hour has one check, which judges by itself',
      // That the monitor itself is silent is an alarm of its own.
      missingData: 'ignore',
    });
  }
}

function pascalCase(words: string): string {
  return words.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}
