import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import type { PlatformSettings } from '../shared/platform-settings';
import { rotationEvents } from '../shared/rotation-events';
import { ruleMetric } from '../shared/rule-metric';

export interface RotationAlarmsProps {
  readonly platform: PlatformSettings;
  readonly secretArns: readonly string[];
}

/**
 * What Secrets Manager itself says of a rotation that came to nothing: that it failed, as when the function could not
 * be called at all, and that somebody's new value has taken the place of what was being made. CloudTrail passes it on,
 * and only in an account and region with a trail; the monitor sees the same within the hour without one.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-cloudtrail.html
 */
export class RotationAlarms extends Construct {
  constructor(scope: Construct, id: string, props: RotationAlarmsProps) {
    super(scope, id);
    const queue = new Queue(this, 'Events', {
      // SQS's own key: a customer key would need a grant for EventBridge. No event holds a value.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14), // SQS's longest
    });
    acknowledge(
      queue,
      'AwsSolutions',
      'AwsSolutions-SQS3',
      'Nothing takes from it: it is what people look at.',
    );
    const evidence = queue as IQueue;
    this.addAlarm(props, evidence, {
      id: 'Failed',
      anchor: 'rotation-failed',
      eventNames: ['RotationFailed', 'TestRotationFailed'],
      sentence: 'Secrets Manager could not rotate a secret',
    });
    this.addAlarm(props, evidence, {
      id: 'Abandoned',
      anchor: 'rotation-abandoned',
      eventNames: ['RotationAbandoned'],
      sentence: 'A rotation was abandoned, because a secret was given another value meanwhile',
    });
  }

  private addAlarm(
    { platform, secretArns }: RotationAlarmsProps,
    evidence: IQueue,
    {
      id,
      anchor,
      eventNames,
      sentence,
    }: Readonly<Record<'id' | 'anchor' | 'sentence', string>> & {
      readonly eventNames: string[];
    },
  ): void {
    const rule = new Rule(this, id, {
      description: `${sentence} (${platform.environmentName})`,
      eventPattern: rotationEvents(eventNames, secretArns),
      targets: [new SqsQueue(evidence)],
    });
    declareAlarm(this, `${id}Alarm`, {
      severity: 'warning',
      anchor,
      description: `${sentence}.`,
      metric: ruleMetric(rule, 'TriggeredRules', Stats.SUM),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'it counts events, and each is a rotation',
      missingData: 'notBreaching',
    });
  }
}
