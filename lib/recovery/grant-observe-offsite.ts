import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { dumpsPrefix } from '../../core/backup/vault-layout';
import { acknowledge } from '../shared/acknowledge';
import {
  ANY_KEY_THERE,
  replicaBucketArn,
  replicaKeyArn,
  replicaKeyCondition,
  type ReplicaNames,
} from './replica-names';

/**
 * What `observeOffsite` takes, from any region: list and read the replica vault's dumps, its encryption and lock, and
 * the snapshots there. Nothing can be written or deleted with it.
 */
export function grantObserveOffsite(grantee: IGrantable & IConstruct, replica: ReplicaNames): void {
  const bucketArn = replicaBucketArn(grantee, replica);
  const dumps = `${bucketArn}/${dumpsPrefix()}*`;
  const anyKeyThere = replicaKeyArn(grantee, replica);
  for (const statement of [
    new PolicyStatement({
      actions: ['s3:ListBucket', 's3:GetEncryptionConfiguration', 's3:GetBucketObjectLockConfiguration'],
      resources: [bucketArn],
    }),
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [dumps] }),
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [anyKeyThere],
      conditions: {
        StringEquals: { 'kms:ViaService': `s3.${replica.region}.amazonaws.com` },
        ...replicaKeyCondition(replica),
      },
    }),
    new PolicyStatement({
      // Read-only, and a listing belongs to no single resource.
      actions: ['rds:DescribeDBSnapshots'],
      resources: ['*'],
    }),
  ]) {
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
  acknowledge(
    grantee,
    'AwsSolutions',
    `AwsSolutions-IAM5[Resource::${dumps}]`,
    'It reads whichever dump has arrived last.',
  );
  acknowledge(grantee, 'AwsSolutions', `AwsSolutions-IAM5[Resource::${anyKeyThere}]`, ANY_KEY_THERE);
}
