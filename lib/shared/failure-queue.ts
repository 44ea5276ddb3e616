import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { runbook } from './runbook';

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

    queue
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' })
      .createAlarm(this, 'NotEmptyAlarm', {
        alarmDescription: `An event of ${props.capability} failed for good. ${runbook(props.capability, 'failed-events')}`,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
  }
}
