import { Duration, Stack } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { AUDIT_PREFIX } from '../../core/audit/key';
import { dumpsPrefix } from '../../core/backup/vault-layout';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import {
  ANY_KEY_THERE,
  replicaBucketArn,
  replicaKeyArn,
  replicaKeyCondition,
  type ReplicaNames,
} from './replica-names';

/** What a lost Region must not take with it. Leases and the last health report are of the moment only. */
export const REPLICATED_PREFIXES: readonly string[] = [dumpsPrefix(), 'drills/', AUDIT_PREFIX];

/** S3's replication time control knows this one only, minutes. */
const TIME_CONTROL_MINUTES = 15;

/** A rule is named as its prefix: `dumps`. */
const ruleIdOf = (prefix: string) => prefix.replace(/\/$/, '');

export interface ReplicationProps {
  readonly vault: Bucket;
  readonly vaultKey: IKey;
  /** Whether objects of the vault carry a lock, which is replicated with them. */
  readonly isLocked: boolean;
  readonly replica: ReplicaNames;
}

/**
 * Replicates the vault into its replica: what is written, and never what is deleted. So a deletion here, whoever made
 * it, does not reach the copy, and the role could not carry it there.
 *
 * What lay in the vault before is not replicated: docs/runbook.md says how to have S3 do it once.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
 */
export class Replication extends Construct {
  constructor(scope: Construct, id: string, props: ReplicationProps) {
    super(scope, id);
    const { vault, replica } = props;
    const role = this.makeRole(props);
    const minutes = { minutes: TIME_CONTROL_MINUTES };
    const cfnBucket = vault.node.defaultChild as CfnBucket;
    // Not by the L2, which would take the key by its ARN, and that of another Region is not known here.
    cfnBucket.replicationConfiguration = {
      role: role.roleArn,
      rules: REPLICATED_PREFIXES.map((prefix, index) => ({
        id: ruleIdOf(prefix),
        status: 'Enabled',
        priority: index + 1,
        filter: { prefix },
        deleteMarkerReplication: { status: 'Disabled' },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
        destination: {
          bucket: replicaBucketArn(this, replica),
          encryptionConfiguration: {
            replicaKmsKeyId: replicaKeyArn(this, replica, `alias/${replica.keyAlias}`),
          },
          replicationTime: { status: 'Enabled', time: minutes },
          metrics: { status: 'Enabled', eventThreshold: minutes },
        },
      })),
    };
    this.addFailedAlarm(vault, replica);
  }

  /** Exactly what S3 asks for, and neither `s3:ReplicateDelete` nor anything of another bucket. */
  private makeRole({ vault, vaultKey, isLocked, replica }: ReplicationProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('s3.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': replica.account } },
      }),
      description: 'Replicates the vault into the disaster recovery region',
    });
    const replicaArn = replicaBucketArn(this, replica);
    const anyKeyThere = replicaKeyArn(this, replica);
    const below = (bucketArn: string) => REPLICATED_PREFIXES.map((prefix) => `${bucketArn}/${prefix}*`);
    // With a bucket key S3 names the bucket, without one the object.
    const encrypting = (bucketArn: string) => ({
      'kms:EncryptionContext:aws:s3:arn': [bucketArn, `${bucketArn}/*`],
    });
    const statements = [
      new PolicyStatement({
        actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'],
        resources: [vault.bucketArn],
      }),
      new PolicyStatement({
        actions: [
          's3:GetObjectVersionForReplication',
          's3:GetObjectVersionAcl',
          's3:GetObjectVersionTagging',
          ...(isLocked ? ['s3:GetObjectRetention', 's3:GetObjectLegalHold'] : []),
        ],
        resources: below(vault.bucketArn),
      }),
      new PolicyStatement({
        actions: ['s3:ReplicateObject', 's3:ReplicateTags'],
        resources: below(replicaArn),
      }),
      new PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [vaultKey.keyArn],
        conditions: {
          StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` },
          StringLike: encrypting(vault.bucketArn),
        },
      }),
      new PolicyStatement({
        actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [anyKeyThere],
        conditions: {
          StringEquals: { 'kms:ViaService': `s3.${replica.region}.amazonaws.com` },
          StringLike: encrypting(replicaArn),
          ...replicaKeyCondition(replica),
        },
      }),
    ];
    for (const statement of statements) role.addToPrincipalPolicy(statement);
    this.acknowledgeFindings(role, vault, replicaArn, anyKeyThere);
    return role;
  }

  /**
   * S3 tries a failed object again for hours, then marks it and never comes back to it. It stays an alarm until
   * replication says again that nothing fails: in between there is no data, and no data is no recovery.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
   */
  private addFailedAlarm(vault: Bucket, replica: ReplicaNames): void {
    const period = Duration.minutes(5);
    const failed = Object.fromEntries(
      REPLICATED_PREFIXES.map((prefix, index) => [
        `failed${index + 1}`,
        new Metric({
          namespace: 'AWS/S3',
          metricName: 'OperationsFailedReplication',
          dimensionsMap: {
            SourceBucket: vault.bucketName,
            DestinationBucket: replica.bucket,
            RuleId: ruleIdOf(prefix),
          },
          statistic: 'Sum',
          period,
        }),
      ]),
    );
    declareAlarm(this, 'FailedAlarm', {
      severity: 'warning',
      anchor: 'recovery-replication-failed',
      description: `Something of the vault is not in ${replica.region}.`,
      metric: new MathExpression({
        expression: `SUM([${Object.keys(failed).join(', ')}])`,
        usingMetrics: failed,
        label: 'Objects that failed to be replicated',
        period,
      }),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'S3 never comes back to an object that failed',
      missingData: 'ignore',
    });
  }

  private acknowledgeFindings(role: Role, vault: Bucket, replicaArn: string, anyKeyThere: string): void {
    const vaultId = Stack.of(this).getLogicalId(vault.node.defaultChild as CfnBucket);
    for (const prefix of REPLICATED_PREFIXES) {
      for (const bucket of [`<${vaultId}.Arn>`, replicaArn]) {
        acknowledge(
          role,
          'AwsSolutions',
          `AwsSolutions-IAM5[Resource::${bucket}/${prefix}*]`,
          'What is replicated lies below these prefixes, an object each.',
        );
      }
    }
    acknowledge(role, 'AwsSolutions', `AwsSolutions-IAM5[Resource::${anyKeyThere}]`, ANY_KEY_THERE);
  }
}
