import { Duration, Size } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CHECK_NAMES, SEVERITY } from '../../core/backup/health/report';
import { MonitorEnvironment } from '../../lambdas/backup/monitor/env';
import type { EnvironmentConfig } from '../config';
import { grantObserveOffsite } from '../recovery/grant-observe-offsite';
import type { ReplicaNames } from '../recovery/replica-names';
import { declareCheckAlarm } from '../shared/check-alarm';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadOperations } from '../shared/operations-access';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface MonitorJobProps {
  readonly platform: PlatformSettings;
  readonly vault: Vault;
  readonly monitor: EnvironmentConfig['backup']['monitor'];
  readonly failureQueue: IQueue;
  /** The copies in the other region, which it looks at, too. @default none */
  readonly replica?: ReplicaNames | undefined;
}

/** Asks every hour whether backups are in order: one alarm for each of the seven checks. */
export class MonitorJob extends Construct {
  readonly function: PlatformFunction<typeof MonitorEnvironment>;

  constructor(scope: Construct, id: string, props: MonitorJobProps) {
    super(scope, id);
    const { platform, vault, monitor, failureQueue } = props;
    this.function = new PlatformFunction(this, 'Monitor', {
      platform,
      source: { capability: 'backup', name: 'monitor' },
      packaging: 'zip',
      contract: MonitorEnvironment,
      environment: {},
      timeout: Duration.minutes(10),
      memory: Size.mebibytes(1024),
      asynchronous: { failureQueue, retryAttempts: 1 },
    });
    grantReadOperations(this.function, platform.environmentName);
    grantVault(vault, this.function, {
      read: ['dumps/', 'drills/'],
      readVersions: ['dumps/'],
      write: ['status/'],
    });
    this.function.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        // Read-only, and the listings of all snapshots and instances belong to none of them.
        actions: ['rds:DescribeDBSnapshots', 'rds:DescribeDBInstances'],
        resources: ['*'],
      }),
    );
    if (props.replica) grantObserveOffsite(this.function, props.replica);
    this.function.runOn({ minute: monitor.minute, hour: '*' });
    for (const check of CHECK_NAMES) {
      declareCheckAlarm(this, {
        check,
        description: `The backups' ${check} is critical.`,
        metric: (options, dimensions) => this.function.metricOwn('BackupHealth', options, dimensions),
        critical: SEVERITY.critical,
      });
    }
  }
}
