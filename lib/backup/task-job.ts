import { Duration } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { EventField, type IRuleTarget, type Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Schedule } from '../config/schedule';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import { cronMonitorSlug } from '../shared/cron-monitor';
import type { PlatformSettings } from '../shared/platform-settings';
import { RUN_TASK } from '../shared/run-task';
import { runOnSchedule } from '../shared/scheduled';
import { CONTAINER, type OperationsTask } from './operations-task';

export interface TaskJobProps {
  readonly platform: PlatformSettings;
  readonly task: OperationsTask;
  /** `backup-drill`: its name in logs, metrics, alarms and the runbook. */
  readonly label: string;
  /** The service in its metrics. @default the label */
  readonly service?: string;
  /** What follows `golive`; the instant that it is for stands where {@link SCHEDULED_TIME} is. */
  readonly command: readonly string[];
  /** After this the task is stopped and the run has failed. */
  readonly timeout: Duration;
  readonly failureQueue: IQueue;
  /** Whether a run that failed is an alarm. @default true */
  readonly isWatched?: boolean;
}

/** Stands in a command for the instant that the run is for, ISO 8601. */
export const SCHEDULED_TIME = '{scheduled-time}';

/**
 * Runs the operations task, waits for it, and fails when it fails. A state machine and not the rule alone: to
 * EventBridge a task that was started is a success, whatever becomes of it.
 */
export class TaskJob extends Construct {
  readonly stateMachine: sfn.StateMachine;
  private readonly label: string;
  private readonly command: readonly string[];
  private readonly failureQueue: IQueue;
  private readonly timeout: Duration;
  private readonly monitorSlug: string | undefined;

  constructor(scope: Construct, id: string, props: TaskJobProps) {
    super(scope, id);
    const { platform, task, label, command } = props;
    this.label = label;
    this.command = command;
    this.failureQueue = props.failureQueue;
    this.timeout = props.timeout;
    this.monitorSlug = cronMonitorSlug(platform, label);
    const run = new sfn.CustomState(this, 'Run', {
      stateJson: {
        Type: 'Task',
        Resource: RUN_TASK,
        TimeoutSeconds: props.timeout.toSeconds(),
        Parameters: {
          Cluster: task.cluster.clusterArn,
          TaskDefinition: task.definition.taskDefinitionArn,
          LaunchType: 'FARGATE',
          PlatformVersion: 'LATEST',
          NetworkConfiguration: {
            AwsvpcConfiguration: {
              AssignPublicIp: 'DISABLED',
              SecurityGroups: [task.securityGroup.securityGroupId],
              Subnets: task.subnetIds,
            },
          },
          Overrides: {
            ContainerOverrides: [
              {
                Name: CONTAINER,
                'Command.$': '$.command',
                Environment: [{ Name: 'POWERTOOLS_SERVICE_NAME', Value: props.service ?? label }],
              },
            ],
          },
        },
      },
    });
    // Of a task that never began: no capacity, an image that could not be pulled. What began and failed is not
    // begun again: a second load on the database right after a failure helps nobody.
    run.addRetry({ errors: ['ECS.AmazonECSException', 'ECS.ServerException'], maxAttempts: 3 });
    const logs = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromChainable(run),
      tracingEnabled: true,
      logs: { destination: logs, level: sfn.LogLevel.ALL },
      comment: `golive with the command of the input, such as ${JSON.stringify({ command })}`,
    });
    task.grantRun(this.stateMachine);
    acknowledge(
      this.stateMachine,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'Log delivery and traces have no resource to name.',
    );
    if (props.isWatched ?? true) this.addFailingAlarm();
  }

  /**
   * Runs it at these times, and adds an alarm for when it does not, as far as CloudWatch looks back. Such a run tells
   * the cron monitor of its schedule, where there is one.
   */
  runOn(schedule: Schedule): Rule {
    return runOnSchedule(this, {
      label: this.label,
      schedule,
      longestRun: this.timeout,
      target: this.targetOf(this.scheduledCommand(), EventField.time),
      // Of a weekly job the monitor tells it, which looks at what the job has left in the vault.
      isHeardElsewhere: true,
      metricRuns: (options) => this.stateMachine.metricStarted(options),
    });
  }

  /**
   * Runs it for an event other than the schedule's, of which no cron monitor is told.
   *
   * @param time where the event carries the instant that the run is for
   */
  target(time: string): IRuleTarget {
    return this.targetOf(this.command, time);
  }

  private scheduledCommand(): readonly string[] {
    return this.monitorSlug === undefined ? this.command : ['--check-in', this.monitorSlug, ...this.command];
  }

  private targetOf(command: readonly string[], time: string): IRuleTarget {
    return new SfnStateMachine(this.stateMachine, {
      deadLetterQueue: this.failureQueue,
      retryAttempts: 8,
      maxEventAge: Duration.hours(2),
      input: RuleTargetInput.fromObject({
        command: command.map((word) => (word === SCHEDULED_TIME ? time : word)),
      }),
    });
  }

  /** How many runs ended otherwise than well. @default sum over 5 minutes */
  metricFailed(options?: MetricOptions): Metric {
    return this.stateMachine.metricFailed(options);
  }

  /**
   * A run that failed is an alarm for a day, or until the next run of a daily job: Step Functions does not promise a
   * zero for a run that went well. A state's time-out fails its execution, so it counts here, too.
   */
  private addFailingAlarm(): void {
    declareAlarm(this, 'FailingAlarm', {
      severity: 'warning',
      anchor: `${this.label}-failing`,
      description: `The last run of ${this.label} failed.`,
      metric: this.metricFailed({ period: Duration.hours(1) }),
      threshold: 1,
      comparison: '>=',
      of: [1, 24],
      missingData: 'notBreaching',
    });
  }
}
