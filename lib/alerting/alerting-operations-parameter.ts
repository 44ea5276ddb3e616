import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { type AlertingOperations, alertingParameterName } from '../../core/alerting/operations';

/** Where an operator's tools, and the heartbeat, find the routes. It holds no key and no address. */
export class AlertingOperationsParameter extends StringParameter {
  constructor(scope: Construct, id: string, operations: z.input<typeof AlertingOperations>) {
    const { environment } = operations;
    super(scope, id, {
      parameterName: alertingParameterName(environment),
      description: `What the golive command line must know of the alarms' routes of ${environment}`,
      stringValue: Stack.of(scope).toJsonString(operations),
    });
  }
}
