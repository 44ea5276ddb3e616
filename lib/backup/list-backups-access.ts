import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';

/** What the catalogue asks of RDS. Read-only, and the listings belong to none of what they list. */
export function grantListRdsBackups(grantee: IGrantable & IConstruct): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: [
        'rds:DescribeDBInstances',
        'rds:DescribeDBSnapshots',
        'rds:DescribeDBInstanceAutomatedBackups',
      ],
      resources: ['*'],
    }),
  );
  acknowledge(
    grantee,
    'AwsSolutions',
    'AwsSolutions-IAM5[Resource::*]',
    'Read-only Describe calls have no resource to name.',
  );
}
