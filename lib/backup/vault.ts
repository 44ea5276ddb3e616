import { Duration, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { dumpsPrefix } from '../../core/backup/vault-layout';
import type { EnvironmentConfig } from '../config';
import type { ReplicaNames } from '../recovery/replica-names';
import { Replication } from '../recovery/replication';
import { acknowledge } from '../shared/acknowledge';
import { DataKey } from '../shared/data-key';
import type { PlatformSettings } from '../shared/platform-settings';

export interface VaultProps {
  readonly platform: PlatformSettings;
  /** @default no lock */
  readonly objectLock?: EnvironmentConfig['backup']['objectLock'];
  /** Days for which overwritten and deleted versions are kept. */
  readonly noncurrentVersionDays: number;
  /** Where everything that is written is replicated to. @default nowhere */
  readonly replica?: ReplicaNames | undefined;
  /** The names of this vault, when it is itself a replica. @default CloudFormation names it */
  readonly names?: ReplicaNames;
}

/**
 * The bucket that backups lie in: versioned, encrypted with a key of its own, TLS only, nothing public, locked
 * where it is configured. Nothing expires by age: age-based expiry goes on deleting while backups fail, so
 * retention is the work of a function that counts proven backups.
 */
export class Vault extends Construct {
  readonly bucket: s3.Bucket;
  readonly key: DataKey;

  constructor(scope: Construct, id: string, props: VaultProps) {
    super(scope, id);
    const { platform, objectLock, replica, names } = props;
    this.key = new DataKey(this, 'Key', {
      description: `Encrypts the backups of ${platform.environmentName}`,
      removalPolicy: platform.removalPolicy,
    });
    // It goes when the key does: while it is missing nothing arrives.
    if (names) this.key.addAlias(names.keyAlias).applyRemovalPolicy(platform.removalPolicy);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      ...(names && { bucketName: names.bucket }),
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true, // one KMS call per bucket and hour instead of one per part
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      serverAccessLogsBucket: this.makeAccessLogs(platform) as s3.IBucket,
      serverAccessLogsPrefix: 'vault/',
      removalPolicy: platform.removalPolicy,
      objectLockEnabled: objectLock !== undefined,
      ...(objectLock && { objectLockDefaultRetention: retentionOf(objectLock) }),
      lifecycleRules: [
        {
          id: 'parts-of-uploads-that-never-completed',
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        {
          id: 'versions-that-were-overwritten-or-deleted',
          noncurrentVersionExpiration: Duration.days(props.noncurrentVersionDays),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
    if (replica) {
      new Replication(this, 'Replication', {
        vault: this.bucket,
        vaultKey: this.key,
        isLocked: objectLock !== undefined,
        replica,
      });
    }
  }

  /**
   * What it takes to write a dump and to check it: put, abort, read back, list; below `dumps/` only, and
   * never delete.
   */
  grantWriteDumps(grantee: IGrantable & IConstruct): void {
    const prefix = `${dumpsPrefix()}*`;
    for (const statement of [
      new PolicyStatement({
        actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts', 's3:GetObject'],
        resources: [this.bucket.arnForObjects(prefix)],
      }),
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefix } },
      }),
    ]) {
      grantee.grantPrincipal.addToPrincipalPolicy(statement);
    }
    // S3 decrypts what it has encrypted when the upload's parts become one object.
    this.key.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
    this.acknowledgeBelow(
      prefix,
      grantee,
      'Every dump is an object of its own below dumps/, and none may be deleted.',
    );
  }

  /**
   * What it takes to prune dumps under a lease: list, read manifests and locks, and hide. `s3:DeleteObject` without a
   * version puts a delete marker; no version can be deleted, and no lock shortened.
   *
   * @param lease the lease's key
   */
  grantPruneDumps(grantee: IGrantable & IConstruct, lease: string): void {
    const prefix = `${dumpsPrefix()}*`;
    for (const statement of [
      new PolicyStatement({
        actions: [
          's3:GetObject',
          's3:GetObjectRetention',
          's3:GetObjectLegalHold',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
        ],
        resources: [this.bucket.arnForObjects(prefix)],
      }),
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [this.bucket.arnForObjects(lease)],
      }),
      new PolicyStatement({
        actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    ]) {
      grantee.grantPrincipal.addToPrincipalPolicy(statement);
    }
    this.key.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
    this.acknowledgeBelow(prefix, grantee, 'Retention hides dumps below dumps/, whichever the policy names.');
  }

  private acknowledgeBelow(prefix: string, grantee: IConstruct, reason: string): void {
    const bucketId = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as s3.CfnBucket);
    acknowledge(grantee, 'AwsSolutions', `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${prefix}]`, reason);
  }

  /** Who read or wrote the vault, kept as long as the other logs. */
  private makeAccessLogs(platform: PlatformSettings): s3.Bucket {
    return new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED, // the log service cannot write under a customer key
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: platform.removalPolicy,
      lifecycleRules: [
        {
          id: 'logs-past-their-retention',
          expiration: Duration.days(platform.logRetentionDays),
          noncurrentVersionExpiration: Duration.days(1),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
  }
}

function retentionOf(lock: NonNullable<VaultProps['objectLock']>): s3.ObjectLockRetention {
  const duration = Duration.days(lock.days);
  return lock.mode === 'compliance'
    ? s3.ObjectLockRetention.compliance(duration)
    : s3.ObjectLockRetention.governance(duration);
}
