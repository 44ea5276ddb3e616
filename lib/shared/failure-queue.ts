import { Duration } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { declareAlarm } from './alarm';

export interface FailureQueueProps {
  readonly capability: string;
  /** Whether another queue of the stack hands over what it cannot get rid of. @default false */
  readonly isDeadLetterQueue?: boolean;
}

/**
 * Where an event ends that could not be delivered or that a function failed for good, and an alarm that says
 * so. A message is the evidence for the operator, who deletes it when the cause is gone.
 */
export class FailureQueue extends Construct {
  readonly queue: IQueue;

  constructor(scope: Construct, id: string, props: FailureQueueProps) {
    super(scope, id);
    const queue = new Queue(this, 'Queue', {
      // SQS's own key: a customer key would need a grant for every service that delivers here.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14), // SQS's longest
    });
    // A queue's own dead-letter queue is known to the rule.
    if (!props.isDeadLetterQueue) {
      acknowledge(
        queue,
        'AwsSolutions',
        'AwsSolutions-SQS3',
        'This queue is itself where failed events end.',
      );
    }
    this.queue = queue;

    declareAlarm(this, 'NotEmptyAlarm', {
      severity: 'warning',
      anchor: `${props.capability}-failed-events`,
      description: `An event of ${props.capability} failed for good.`,
      metric: queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: 'Maximum',
      }),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'a message stays until somebody has looked',
      missingData: 'notBreaching',
    });
  }
}
