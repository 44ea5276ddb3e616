import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What CloudWatch tells EventBridge of alarms. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
export const ALARM_STATE_CHANGE = {
  source: ['aws.cloudwatch'],
  detailType: ['CloudWatch Alarm State Change'],
};

/**
 * An alarm's ARN.
 *
 * @param name or the beginning of several: then it is what their ARNs begin with
 * @param region @default that of the stack
 */
export function alarmArn(scope: IConstruct, name: string, region?: string): string {
  return Stack.of(scope).formatArn({
    service: 'cloudwatch',
    ...(region !== undefined && { region }),
    resource: 'alarm',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
