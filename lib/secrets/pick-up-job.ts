import { Duration, Size } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENVIRONMENT_TAG } from '../../core/secrets/pick-up/clusters';
import { PickUpEnvironment } from '../../lambdas/secrets/pick-up/env';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadServices } from './read-services-access';

export interface PickUpJobProps {
  readonly platform: PlatformSettings;
  readonly secretArns: readonly string[];
  readonly failureQueue: IQueue;
}

/** How long an event waits for others: a rotation of everything is one deployment. */
const DEBOUNCE = Duration.minutes(1);
/** SQS keeps a message from others for six times as long, as Lambda wants. */
const TIMEOUT = Duration.minutes(2);

/**
 * Redeploys services whose containers were given a value at their start when that value changes. Secrets Manager says
 * so by itself, for which no trail is needed.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html
 */
export class PickUpJob extends Construct {
  readonly function: PlatformFunction<typeof PickUpEnvironment>;

  constructor(scope: Construct, id: string, props: PickUpJobProps) {
    super(scope, id);
    const { platform, failureQueue } = props;
    const changes = new Queue(this, 'Changes', {
      // SQS's own key: a customer key would need a grant for EventBridge. No event holds a value.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deliveryDelay: DEBOUNCE,
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      deadLetterQueue: { queue: failureQueue, maxReceiveCount: 5 },
    });
    this.function = new PlatformFunction(this, 'PickUp', {
      platform,
      source: { capability: 'secrets', name: 'pick-up' },
      packaging: 'zip',
      contract: PickUpEnvironment,
      // Those with the environment's tag: the stack that makes them comes after this one.
      environment: { CLUSTER_ARNS: '' },
      timeout: TIMEOUT,
      memory: Size.mebibytes(512),
    });
    this.function.function.addEventSource(
      new SqsEventSource(changes, {
        batchSize: 100,
        maxBatchingWindow: DEBOUNCE,
        reportBatchItemFailures: true,
      }),
    );
    new Rule(this, 'Changed', {
      description: `A secret of ${platform.environmentName} has another value`,
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['Secret Label Updated'],
        resources: [...props.secretArns],
        detail: { labelUpdated: ['AWSCURRENT'] },
      },
      targets: [new SqsQueue(changes)],
    });
    grantReadServices(this.function);
    this.function.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        // Services come and go, and are known by the tag that every stack of the environment gives them.
        actions: ['ecs:UpdateService'],
        resources: ['*'],
        conditions: {
          StringEquals: { [`aws:ResourceTag/${ENVIRONMENT_TAG}`]: platform.environmentName },
        },
      }),
    );
  }
}
