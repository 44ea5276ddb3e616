import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantRunTask, type KnownCluster } from '../shared/run-task';
import { migrationDefinition } from './migration-definition';
import type { MigrationAnswer } from './migration-answer';

export interface MigrationMachineProps {
  readonly platform: PlatformSettings;
  readonly cluster: KnownCluster;
  readonly definition: ecs.FargateTaskDefinition;
  readonly subnetIds: readonly string[];
  readonly hasPublicIp: boolean;
  readonly securityGroupId: string;
  readonly answer: MigrationAnswer;
  readonly failureQueue: IQueue;
}

/** Runs the migrations' task to its end. A function could not: Lambda's longest is 15 minutes. */
export class MigrationMachine extends Construct {
  readonly stateMachine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: MigrationMachineProps) {
    super(scope, id);
    const { platform, cluster, definition, answer } = props;
    const { functionArn } = answer.function.function;
    const logs = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const states = migrationDefinition({
      clusterArn: cluster.clusterArn,
      subnetIds: props.subnetIds,
      securityGroupId: props.securityGroupId,
      hasPublicIp: props.hasPublicIp,
      answerFunctionArn: functionArn,
    });
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromString(Stack.of(this).toJsonString(states)),
      tracingEnabled: true,
      logs: { destination: logs, level: sfn.LogLevel.ALL },
    });
    const everyRevision = taskDefinitionArns(this, definition);
    grantRunTask(this.stateMachine, { definition, cluster }, everyRevision);
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }),
    );
    acknowledge(
      this.stateMachine,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'Log delivery and traces have no resource to name, and tasks are those of one cluster.',
    );
    acknowledge(
      this.stateMachine,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::${everyRevision}]`,
      'Revisions of one definition: a policy with the newest alone would reach IAM later than the run that needs it.',
    );
    this.tellOfEveryEnd(props);
    this.addFailingAlarm();
  }

  /** A run that is stopped or is out of time, or that could not tell, ends without a word of its own. */
  private tellOfEveryEnd({ answer, failureQueue }: MigrationMachineProps): void {
    new Rule(this, 'Ended', {
      description: 'A run of the migrations ended otherwise than well',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.stateMachine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [
        new LambdaFunction(answer.function.function, {
          deadLetterQueue: failureQueue,
          retryAttempts: 8,
          maxEventAge: Duration.hours(2),
        }),
      ],
    });
  }

  /** For an hour: Step Functions does not promise a zero for a run that went well, and the next may be weeks away. */
  private addFailingAlarm(): void {
    const period = Duration.minutes(5);
    declareAlarm(this, 'FailingAlarm', {
      severity: 'warning',
      anchor: 'services-migrations-failing',
      description: 'The database was not migrated.',
      metric: new MathExpression({
        expression: 'failed + timedOut + aborted',
        label: 'Runs of the migrations that ended otherwise than well',
        period,
        usingMetrics: {
          failed: this.stateMachine.metricFailed({ period }),
          timedOut: this.stateMachine.metricTimedOut({ period }),
          aborted: this.stateMachine.metricAborted({ period }),
        },
      }),
      threshold: 1,
      comparison: '>=',
      of: [1, 12],
      missingData: 'notBreaching',
    });
  }
}

/** All revisions of a task definition. */
function taskDefinitionArns(scope: Construct, { family }: ecs.FargateTaskDefinition): string {
  return Stack.of(scope).formatArn({
    service: 'ecs',
    resource: 'task-definition',
    resourceName: `${family}:*`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}
