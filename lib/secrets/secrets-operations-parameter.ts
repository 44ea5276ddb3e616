import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct, IConstruct } from 'constructs';
import type { z } from 'zod';
import { type SecretsOperations, secretsParameterName } from '../../core/secrets/operations';

/** Where an operator's tools, and the functions that watch, find every secret. It holds no value. */
export class SecretsOperationsParameter extends StringParameter {
  constructor(scope: Construct, id: string, operations: z.input<typeof SecretsOperations>) {
    const { environment } = operations;
    super(scope, id, {
      parameterName: secretsParameterName(environment),
      description: `What the golive command line must know of the secrets of ${environment}`,
      stringValue: Stack.of(scope).toJsonString(operations),
    });
  }
}

/** By name, for the reader's role is made before the parameter. */
export function grantReadSecretsOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ssm:GetParameter'],
      resources: [
        Stack.of(grantee).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: secretsParameterName(environment).slice(1),
        }),
      ],
    }),
  );
}
