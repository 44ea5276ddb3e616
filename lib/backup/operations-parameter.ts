import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
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
