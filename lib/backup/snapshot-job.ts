import { ArnFormat, Duration, Size, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MANAGED_BY, SNAPSHOT_TAG } from '../../core/backup/snapshot/tags';
import { SnapshotEnvironment } from '../../lambdas/backup/snapshot/env';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { acknowledge } from '../shared/acknowledge';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface SnapshotJobProps {
  readonly platform: PlatformSettings;
  readonly postgres: Postgres;
  readonly vault: Vault;
  readonly snapshot: EnvironmentConfig['backup']['snapshot'];
  readonly failureQueue: IQueue;
}

/** Makes a manual RDS snapshot on schedule and prunes the old ones of its own. */
export class SnapshotJob extends Construct {
  readonly function: PlatformFunction<typeof SnapshotEnvironment>;

  constructor(scope: Construct, id: string, props: SnapshotJobProps) {
    super(scope, id);
    const { platform, postgres, vault, snapshot, failureQueue } = props;
    this.function = new PlatformFunction(this, 'Snapshot', {
      platform,
      source: { capability: 'backup', name: 'snapshot' },
      packaging: 'zip',
      contract: SnapshotEnvironment,
      environment: {
        DATABASE_INSTANCE_IDENTIFIER: postgres.instanceIdentifier,
        DATABASE_RESOURCE_ID: postgres.resourceId,
        VAULT_BUCKET: vault.bucket.bucketName,
        SNAPSHOT_RETENTION_DAYS: String(snapshot.retentionDays),
        SNAPSHOT_KEEP_NEWEST: String(snapshot.keepNewest),
      },
      // It waits for an instance that is busy; RDS itself makes the snapshot after it has gone.
      timeout: Duration.minutes(15),
      memory: Size.mebibytes(256),
      // The same event means the same snapshot, so trying again is safe.
      asynchronous: { failureQueue, retryAttempts: 2 },
    });
    this.grantSnapshots(postgres, platform);
    grantVault(vault, this.function, { write: ['audit/'] });
    this.function.runOn(snapshot.schedule);
  }

  private grantSnapshots(postgres: Postgres, platform: PlatformSettings): void {
    const arnOf = (resource: string, name: string) =>
      Stack.of(this).formatArn({
        service: 'rds',
        resource,
        resourceName: name,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const instanceArn = arnOf('db', postgres.instanceIdentifier);
    // Only ids that start with the instance's name: ours, and nobody else's by accident.
    const snapshotArn = arnOf('snapshot', `${postgres.instanceIdentifier}-*`);
    const requested = {
      [`aws:RequestTag/${SNAPSHOT_TAG.managedBy}`]: MANAGED_BY,
      [`aws:RequestTag/${SNAPSHOT_TAG.environment}`]: platform.environmentName,
    };
    const carried = {
      [`aws:ResourceTag/${SNAPSHOT_TAG.managedBy}`]: MANAGED_BY,
      [`aws:ResourceTag/${SNAPSHOT_TAG.environment}`]: platform.environmentName,
    };
    const statements = [
      new PolicyStatement({
        actions: ['rds:CreateDBSnapshot'],
        resources: [instanceArn, snapshotArn],
        conditions: { StringEquals: requested },
      }),
      new PolicyStatement({
        // RDS asks for it when CreateDBSnapshot carries tags.
        actions: ['rds:AddTagsToResource'],
        resources: [snapshotArn],
        conditions: { StringEquals: requested },
      }),
      new PolicyStatement({
        actions: ['rds:DeleteDBSnapshot'],
        resources: [snapshotArn],
        conditions: { StringEquals: carried },
      }),
      new PolicyStatement({
        // Read-only, and the quota and the listing of all snapshots belong to no single resource.
        actions: ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots', 'rds:DescribeAccountAttributes'],
        resources: ['*'],
      }),
    ];
    for (const statement of statements) this.function.grantPrincipal.addToPrincipalPolicy(statement);
    acknowledge(
      this.function,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::${snapshotArn}]`,
      'Snapshots are named by the instant they are taken for; tags narrow what may be made and deleted.',
    );
  }
}
