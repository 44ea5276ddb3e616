import { Duration, Size } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { leaseKey } from '../../core/backup/lease/record';
import { RETENTION_LEASE } from '../../core/backup/retention/lease-name';
import { RetentionEnvironment } from '../../lambdas/backup/retention/env';
import type { EnvironmentConfig } from '../config';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadOperations } from '../shared/operations-access';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface RetentionJobProps {
  readonly platform: PlatformSettings;
  readonly vault: Vault;
  readonly retention: EnvironmentConfig['backup']['retention'];
  readonly failureQueue: IQueue;
}

/** Prunes the vault's dumps on schedule. */
export class RetentionJob extends Construct {
  readonly function: PlatformFunction<typeof RetentionEnvironment>;

  constructor(scope: Construct, id: string, props: RetentionJobProps) {
    super(scope, id);
    const { platform, vault, retention, failureQueue } = props;
    this.function = new PlatformFunction(this, 'Retention', {
      platform,
      source: { capability: 'backup', name: 'retention' },
      packaging: 'zip',
      contract: RetentionEnvironment,
      environment: {},
      // 10,000 dumps are 50,000 requests, some 2 minutes.
      timeout: Duration.minutes(15),
      memory: Size.mebibytes(1024),
      // A plan is made anew from what is there, so trying again is safe.
      asynchronous: { failureQueue, retryAttempts: 1 },
    });
    grantReadOperations(this.function, platform.environmentName);
    vault.grantPruneDumps(this.function, leaseKey(RETENTION_LEASE));
    grantVault(vault, this.function, { write: ['audit/'] });
    this.function.grantPrincipal.addToPrincipalPolicy(
      // Read-only, and the listing of all instances belongs to none of them.
      new PolicyStatement({ actions: ['rds:DescribeDBInstances'], resources: ['*'] }),
    );
    this.function.runOn(retention.schedule);
  }
}
