import type { RemovalPolicy } from 'aws-cdk-lib';
import type { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { DataKey } from '../shared/data-key';
import { sumOf } from './sum-of';

/** The key of all topics. */
export class TopicsKey extends DataKey {
  constructor(scope: Construct, id: string, environmentName: string, removalPolicy: RemovalPolicy) {
    super(scope, id, { description: `Encrypts what is told of alarms (${environmentName})`, removalPolicy });
    // Without a condition: EventBridge drops its messages in silence where one names its rule or its account.
    this.grant(new ServicePrincipal('events.amazonaws.com'), 'kms:Decrypt', 'kms:GenerateDataKey*');
  }
}

/** A topic that EventBridge writes to: encrypted, and by TLS alone. */
export class ToldTopic extends Topic {
  constructor(scope: Construct, id: string, key: IKey, displayName: string) {
    super(scope, id, { masterKey: key, enforceSSL: true, displayName });
  }
}

/** How many deliveries of these topics failed. https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
export function failedDeliveries(topics: readonly Topic[]): MathExpression {
  return sumOf(
    'Messages that SNS could not pass on',
    topics.map((topic) => topic.metricNumberOfNotificationsFailed({ statistic: 'Sum' })),
  );
}
