import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct, IConstruct } from 'constructs';
import type { z } from 'zod';
import { type Operations, operationsParameterName } from '../../core/backup/operations';

/** Where an operator's tools, and the functions that watch, find everything. */
export class OperationsParameter extends StringParameter {
  constructor(scope: Construct, id: string, operations: z.input<typeof Operations>) {
    const { environment } = operations;
    super(scope, id, {
      parameterName: operationsParameterName(environment),
      description: `What the golive command line must know of ${environment}`,
      stringValue: Stack.of(scope).toJsonString(operations),
    });
  }
}

/**
 * By name: the parameter tells of what its readers belong to, such as the task, so it is made after them. CDK's own
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
