import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { type SentryOperations, sentryParameterName } from '../../core/sentry/operations';

/** Where `golive sentry` finds what Sentry is to do. It holds no secret: the token is whoever runs it's. */
export class SentryOperationsParameter extends StringParameter {
  constructor(scope: Construct, id: string, operations: z.input<typeof SentryOperations>) {
    const { environment } = operations;
    super(scope, id, {
      parameterName: sentryParameterName(environment),
      description: `What the golive command line must know of the rules in Sentry of ${environment}`,
      stringValue: Stack.of(scope).toJsonString(operations),
    });
  }
}
