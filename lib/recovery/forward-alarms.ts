import { Stack } from 'aws-cdk-lib';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALARM_STATE_CHANGE, alarmArn } from '../shared/alarm-events';
import type { PlatformSettings } from '../shared/platform-settings';

export interface ForwardAlarmsProps {
  readonly platform: PlatformSettings;
  /** Where the routes are. */
  readonly region: string;
  readonly failureQueue: IQueue;
}

/**
 * Passes what alarms of this region say on to the main one, so that the same routes carry it. While that region is away
 * they reach nobody; then it is known already.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
 */
export class ForwardAlarms extends Construct {
  constructor(scope: Construct, id: string, { platform, region, failureQueue }: ForwardAlarmsProps) {
    super(scope, id);
    const bus = Stack.of(this).formatArn({
      service: 'events',
      region,
      resource: 'event-bus',
      resourceName: 'default',
    });
    new Rule(this, 'Rule', {
      description: `Alarms of ${platform.environmentName} here: told by the routes of ${region}`,
      eventPattern: {
        ...ALARM_STATE_CHANGE,
        resources: Match.prefix(alarmArn(this, `golive-${platform.environmentName}-`)),
      },
      targets: [
        new EventBusTarget(EventBus.fromEventBusArn(this, 'Bus', bus), { deadLetterQueue: failureQueue }),
      ],
    });
  }
}
