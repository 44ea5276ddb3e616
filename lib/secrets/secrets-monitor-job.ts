import { Duration, Size } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SECRETS_CHECK_NAMES, SECRETS_SEVERITY } from '../../core/secrets/status/report';
import { MonitorEnvironment } from '../../lambdas/secrets/monitor/env';
import type { EnvironmentConfig } from '../config';
import { declareCheckAlarm } from '../shared/check-alarm';
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
    for (const check of SECRETS_CHECK_NAMES) {
      declareCheckAlarm(this, {
        check,
        description: `The secrets' ${check} is critical.`,
        metric: (options, dimensions) => this.function.metricOwn('SecretsHealth', options, dimensions),
        critical: SECRETS_SEVERITY.critical,
      });
    }
  }
}
