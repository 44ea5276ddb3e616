import { ArnFormat, Duration, Size, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MANAGED_BY, SNAPSHOT_TAG } from '../../core/backup/snapshot/tags';
import { SnapshotCopiesEnvironment } from '../../lambdas/recovery/snapshot-copies/env';
import type { EnvironmentConfig } from '../config';
import { acknowledge } from '../shared/acknowledge';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';

export interface SnapshotCopiesJobProps {
  readonly platform: PlatformSettings;
  /** Where the snapshots are made. */
  readonly sourceRegion: string;
  /** What the copies are encrypted with. */
  readonly replicaKey: IKey;
  readonly snapshots: NonNullable<EnvironmentConfig['disasterRecovery']>['snapshots'];
  readonly failureQueue: IQueue;
}

/** Copies the environment's snapshots into this region on schedule, and prunes the old copies of its own. */
export class SnapshotCopiesJob extends Construct {
  readonly function: PlatformFunction<typeof SnapshotCopiesEnvironment>;

  constructor(scope: Construct, id: string, props: SnapshotCopiesJobProps) {
    super(scope, id);
    const { platform, sourceRegion, replicaKey, snapshots, failureQueue } = props;
    this.function = new PlatformFunction(this, 'SnapshotCopies', {
      platform,
      source: { capability: 'recovery', name: 'snapshot-copies' },
      packaging: 'zip',
      contract: SnapshotCopiesEnvironment,
      environment: {
        SOURCE_REGION: sourceRegion,
        REPLICA_KEY_ARN: replicaKey.keyArn,
        COPY_RETENTION_DAYS: String(snapshots.retentionDays),
        COPY_KEEP_NEWEST: String(snapshots.keepNewest),
      },
      // It starts copies and waits for none; throttling is what may take long.
      timeout: Duration.minutes(5),
      memory: Size.mebibytes(256),
      // The next schedule comes within hours and takes up what is left.
      asynchronous: { failureQueue, retryAttempts: 1 },
    });
    this.grantCopies(props);
    this.grantKeys(props);
    this.function.runOn(snapshots.schedule);
  }

  private grantCopies({ platform, sourceRegion }: SnapshotCopiesJobProps): void {
    // Only ids that start with the environment's instance: as the snapshot function names them.
    const name = `golive-${platform.environmentName}-*`;
    const sourceArn = this.snapshotArn(name, sourceRegion);
    const copyArn = this.snapshotArn(name);
    const tags = (kind: 'RequestTag' | 'ResourceTag') => ({
      StringEquals: {
        [`aws:${kind}/${SNAPSHOT_TAG.managedBy}`]: MANAGED_BY,
        [`aws:${kind}/${SNAPSHOT_TAG.environment}`]: platform.environmentName,
      },
      // Only what says of which snapshot it is a copy: never one that was made in this region.
      StringLike: { [`aws:${kind}/${SNAPSHOT_TAG.copyOf}`]: sourceArn },
    });
    this.allow(
      new PolicyStatement({
        // Asked of the source by a signed request of its own, which carries no tags.
        actions: ['rds:CopyDBSnapshot'],
        resources: [sourceArn],
      }),
      new PolicyStatement({
        // RDS asks for the second when the first carries tags.
        actions: ['rds:CopyDBSnapshot', 'rds:AddTagsToResource'],
        resources: [copyArn],
        conditions: tags('RequestTag'),
      }),
      new PolicyStatement({
        actions: ['rds:DeleteDBSnapshot'],
        resources: [copyArn],
        conditions: tags('ResourceTag'),
      }),
      new PolicyStatement({
        // Read-only, and the quota and the listings of both regions belong to no single resource.
        actions: ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots', 'rds:DescribeAccountAttributes'],
        resources: ['*'],
      }),
    );
    for (const arn of [sourceArn, copyArn]) {
      this.acknowledgeWildcard(
        arn,
        'Snapshots are named by the instant they are taken for; tags narrow what may be made and deleted.',
      );
    }
  }

  /**
   * RDS uses both keys with the caller's rights, and goes on after the caller has gone by grants that it makes.
   * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
   */
  private grantKeys({ platform, sourceRegion, replicaKey }: SnapshotCopiesJobProps): void {
    const stack = Stack.of(this);
    const anyKeyThere = stack.formatArn({
      service: 'kms',
      region: sourceRegion,
      resource: 'key/*',
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
    const through = (region: string) => ({ 'kms:ViaService': `rds.${region}.amazonaws.com` });
    const forRds = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
    // The database's key lies in the other region, so its id is not known here. Its tag is.
    const ofEnvironment = {
      StringEquals: {
        ...through(sourceRegion),
        'aws:ResourceTag/golive:environment': platform.environmentName,
      },
    };
    const here = { StringEquals: through(stack.region) };
    this.allow(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey'],
        resources: [anyKeyThere],
        conditions: ofEnvironment,
      }),
      new PolicyStatement({
        actions: ['kms:CreateGrant'],
        resources: [anyKeyThere],
        conditions: { ...ofEnvironment, ...forRds },
      }),
      new PolicyStatement({
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:DescribeKey',
        ],
        resources: [replicaKey.keyArn],
        conditions: here,
      }),
      new PolicyStatement({
        actions: ['kms:CreateGrant'],
        resources: [replicaKey.keyArn],
        conditions: { ...here, ...forRds },
      }),
    );
    this.acknowledgeWildcard(
      anyKeyThere,
      "CloudFormation passes no key's ARN between regions; the condition admits this environment's, for RDS alone.",
    );
  }

  private allow(...statements: readonly PolicyStatement[]): void {
    for (const statement of statements) this.function.grantPrincipal.addToPrincipalPolicy(statement);
  }

  /** @param region @default this one */
  private snapshotArn(name: string, region?: string): string {
    return Stack.of(this).formatArn({
      service: 'rds',
      ...(region !== undefined && { region }),
      resource: 'snapshot',
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private acknowledgeWildcard(arn: string, reason: string): void {
    acknowledge(this.function, 'AwsSolutions', `AwsSolutions-IAM5[Resource::${arn}]`, reason);
  }
}
