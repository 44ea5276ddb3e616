import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MigrateAnswerEnvironment } from '../../lambdas/services/migrate-answer/env';
import { acknowledge } from '../shared/acknowledge';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { inCluster, type KnownCluster } from '../shared/run-task';

export interface MigrationAnswerProps {
  readonly platform: PlatformSettings;
  readonly cluster: KnownCluster;
  readonly taskFamily: string;
  readonly logGroup: ILogGroup;
  /** Of the task's log streams, up to the task's id. */
  readonly logStreamPrefix: string;
  readonly failureQueue: IQueue;
}

/** Tells CloudFormation how the migrations ended, with the end of their log when they failed. */
export class MigrationAnswer extends Construct {
  readonly function: PlatformFunction<typeof MigrateAnswerEnvironment>;
  /**
   * Keeps the URLs that CloudFormation waits at, each request's in a version of its own. Whoever has one can say that
   * the migrations went well, so it is not in the state machine's input, which AWS's own read-only policies open.
   */
  private readonly urls: Secret;

  constructor(scope: Construct, id: string, props: MigrationAnswerProps) {
    super(scope, id);
    const { platform, cluster, logGroup } = props;
    this.urls = new Secret(this, 'Urls', {
      description: `Where CloudFormation waits for the migrations (${platform.environmentName})`,
      removalPolicy: RemovalPolicy.DESTROY, // a URL is worth nothing after its deployment
    });
    acknowledge(
      this.urls,
      'AwsSolutions',
      'AwsSolutions-SMG4',
      'Each deployment writes another value, which ends by itself within hours.',
    );
    this.function = new PlatformFunction(this, 'Tell', {
      platform,
      source: { capability: 'services', name: 'migrate-answer' },
      packaging: 'zip',
      contract: MigrateAnswerEnvironment,
      environment: {
        ANSWER_URL_SECRET_ARN: this.urls.secretArn,
        CLUSTER_ARN: cluster.clusterArn,
        TASK_FAMILY: props.taskFamily,
        LOG_GROUP_NAME: logGroup.logGroupName,
        LOG_STREAM_PREFIX: props.logStreamPrefix,
      },
      timeout: Duration.minutes(1),
      memory: Size.mebibytes(512),
      asynchronous: { failureQueue: props.failureQueue, retryAttempts: 2 },
    });
    const statements = [
      this.mayUrls('secretsmanager:GetSecretValue'),
      new PolicyStatement({ actions: ['logs:GetLogEvents'], resources: [logGroup.logGroupArn] }),
      // A task whose state was out of time, or was stopped, may run on, and its name is not told.
      inCluster(['ecs:ListTasks', 'ecs:DescribeTasks', 'ecs:StopTask'], cluster),
    ];
    for (const statement of statements) this.function.grantPrincipal.addToPrincipalPolicy(statement);
  }

  /** Lets a function leave a URL here, and gives what it needs to know for that. */
  grantLeaveUrl(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(this.mayUrls('secretsmanager:PutSecretValue'));
  }

  get urlSecretArn(): string {
    return this.urls.secretArn;
  }

  private mayUrls(action: string): PolicyStatement {
    return new PolicyStatement({ actions: [action], resources: [this.urls.secretArn] });
  }
}
