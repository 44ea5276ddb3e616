import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { type Operations, operationsParameterName } from '../../core/shared/operations';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { FailureQueue } from '../shared/failure-queue';
import { platformSettings } from '../shared/platform-settings';
import { DumpJob } from './dump-job';
import { SnapshotJob } from './snapshot-job';
import { Vault } from './vault';

export interface BackupStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
  readonly postgres: Postgres;
}

/** The vault, the jobs that fill it and the snapshots beside it. */
export class BackupStack extends Stack {
  readonly vault: Vault;
  readonly snapshotJob: SnapshotJob;
  readonly dumpJob: DumpJob;

  constructor(scope: Construct, id: string, props: BackupStackProps) {
    super(scope, id, props);
    const { config, vpc, postgres } = props;
    const platform = platformSettings(config);
    this.vault = new Vault(this, 'Vault', {
      platform,
      objectLock: config.backup.objectLock,
      noncurrentVersionDays: config.backup.noncurrentVersionDays,
    });
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'backup' });
    this.snapshotJob = new SnapshotJob(this, 'SnapshotJob', {
      platform,
      postgres,
      failureQueue,
      snapshot: config.backup.snapshot,
    });
    this.dumpJob = new DumpJob(this, 'DumpJob', {
      platform,
      vpc,
      postgres,
      failureQueue,
      vault: this.vault,
      dump: config.backup.dump,
    });
    this.writeOperations(config.name, postgres);
  }

  /** Where an operator's tools find everything. */
  private writeOperations(environment: string, postgres: Postgres): void {
    const operations: Operations = {
      operationsVersion: 1,
      environment,
      vaultBucket: this.vault.bucket.bucketName,
      instanceIdentifier: postgres.instanceIdentifier,
      dbiResourceId: postgres.resourceId,
      databaseName: postgres.databaseName,
      databaseSecretArn: postgres.secret.secretArn,
    };
    new StringParameter(this, 'Operations', {
      parameterName: operationsParameterName(environment),
      description: `What the golive command line must know of ${environment}`,
      stringValue: this.toJsonString(operations),
    });
  }
}
