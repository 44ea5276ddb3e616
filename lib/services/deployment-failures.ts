import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import type { PlatformSettings } from '../shared/platform-settings';
import { ruleMetric } from '../shared/rule-metric';

export interface DeploymentFailuresProps {
  readonly platform: PlatformSettings;
  readonly serviceArns: readonly string[];
}

/**
 * A deployment that ECS gave up, and took back: whoever deployed is told by CloudFormation, but scaling, a rotation's pick-up
 * and AWS's own upkeep deploy, too, and nobody waits for those.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 */
export class DeploymentFailures extends Construct {
  /** Each event says what failed and why. */
  readonly evidence: IQueue;

  constructor(scope: Construct, id: string, { platform, serviceArns }: DeploymentFailuresProps) {
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
    this.evidence = queue;
    const rule = new Rule(this, 'Failed', {
      description: `A deployment of a service failed (${platform.environmentName})`,
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Deployment State Change'],
        resources: [...serviceArns],
        detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
      },
      targets: [new SqsQueue(this.evidence)],
    });
    declareAlarm(this, 'FailedAlarm', {
      severity: 'warning',
      anchor: 'services-deployment-failed',
      description: 'A deployment of a service failed and was taken back.',
      metric: ruleMetric(rule, 'TriggeredRules', Stats.SUM),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'it counts events, and each is a deployment',
      missingData: 'notBreaching',
    });
  }
}
