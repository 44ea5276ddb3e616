import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import type { Vault } from './vault';

/** The parts of the vault, as {@link dumpsPrefix} and its neighbours write them. */
export type VaultPart = 'dumps/' | 'drills/' | 'audit/' | 'status/' | 'leases/';

/** What somebody may do, and where. To delete is no part of it: see `grantPruneDumps`. */
export interface VaultAccess {
  /** List it, and read objects and what protects them. */
  readonly read?: readonly VaultPart[];
  /** See deleted versions, too. */
  readonly readVersions?: readonly VaultPart[];
  readonly write?: readonly VaultPart[];
}

/**
 * Grants exactly this much of the vault, all of it in the grantee's own policy.
 *
 * HeadObject tells of a lock or a hold only those who may read it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export function grantVault(vault: Vault, grantee: IGrantable & IConstruct, access: VaultAccess): void {
  const { read = [], readVersions = [], write = [] } = access;
  const { bucket } = vault;
  const below = (parts: readonly VaultPart[]) => parts.map((part) => bucket.arnForObjects(`${part}*`));
  const onBucket = (actions: string[], parts: readonly VaultPart[]) =>
    new PolicyStatement({
      actions,
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': parts.map((part) => `${part}*`) } },
    });
  const statements = [
    read.length > 0 && onBucket(['s3:ListBucket'], read),
    read.length > 0 &&
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectRetention', 's3:GetObjectLegalHold'],
        resources: below(read),
      }),
    readVersions.length > 0 && onBucket(['s3:ListBucketVersions'], readVersions),
    write.length > 0 &&
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: below(write),
      }),
  ];
  for (const statement of statements) {
    if (statement) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
  // S3 decrypts what it has encrypted when an upload's parts become one object.
  bucket.encryptionKey?.grant(grantee, 'kms:Decrypt', ...(write.length > 0 ? ['kms:GenerateDataKey'] : []));

  const bucketId = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
  for (const part of new Set([...read, ...write])) {
    acknowledge(
      grantee,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${part}*]`,
      `Everything below ${part} is one kind of object, and no version of any may be deleted.`,
    );
  }
}
