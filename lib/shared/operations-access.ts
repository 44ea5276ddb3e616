import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { operationsParameterName } from '../../core/backup/operations';

/**
 * To read where everything is. By name: the parameter tells of what its readers belong to, such as the task, so it is
 * made after them, and for some in another stack. CDK's own
 * grant would also allow to describe every parameter of the account.
 */
export function grantReadOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ssm:GetParameter'],
      resources: [
        Stack.of(grantee).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: operationsParameterName(environment).slice(1),
        }),
      ],
    }),
  );
}
