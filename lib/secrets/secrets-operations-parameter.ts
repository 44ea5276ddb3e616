import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
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
