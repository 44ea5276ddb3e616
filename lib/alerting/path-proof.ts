import { ArnFormat, Duration, Size, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Severity } from '../../core/alerting/alarm-name';
import { TEST_ANCHOR, testAlarmName } from '../../core/alerting/test-alarm';
import { HeartbeatEnvironment } from '../../lambdas/alerting/heartbeat/env';
import type { EnvironmentConfig } from '../config';
import { WEEK_DAYS } from '../config/rotation';
import { acknowledge } from '../shared/acknowledge';
import { declareAlarm } from '../shared/alarm';
import { alarmArn } from '../shared/alarm-events';
import { grantReadAlertingOperations } from '../shared/operations-access';
import { pascalCase } from '../shared/pascal-case';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { proofDefinition } from './proof-definition';

export interface PathProofProps {
  readonly platform: PlatformSettings;
  /** Those that have a route. */
  readonly severities: readonly Severity[];
  readonly heartbeat: EnvironmentConfig['alerting']['heartbeat'];
  readonly failureQueue: IQueue;
}

/** A week, and what a late start and the test itself may take. */
const UNPROVEN_HOURS = 7 * 24 + 3;

/**
 * The proof that an alarm reaches somebody: an alarm for each severity that is wrong only when it is told to be, a state
 * machine that tells it so and reads what arrived, and a function that has it do so every week and says how long ago it
 * last worked.
 */
export class PathProof extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly function: PlatformFunction<typeof HeartbeatEnvironment>;

  constructor(scope: Construct, id: string, props: PathProofProps) {
    super(scope, id);
    this.stateMachine = this.makeMachine(props);
    this.function = this.makeHeartbeat(props);
    for (const severity of props.severities) {
      this.addTestAlarm(severity);
      this.addUnprovenAlarm(severity);
    }
  }

  private makeMachine({ platform, severities, failureQueue }: PathProofProps): sfn.StateMachine {
    const logs = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const machine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromString(Stack.of(this).toJsonString(proofDefinition())),
      tracingEnabled: true,
      logs: { destination: logs, level: sfn.LogLevel.ALL },
    });
    machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['cloudwatch:SetAlarmState'],
        resources: severities.map((severity) =>
          alarmArn(this, testAlarmName(platform.environmentName, severity)),
        ),
      }),
    );
    machine.addToRolePolicy(
      new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: [failureQueue.queueArn] }),
    );
    machine.addToRolePolicy(new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }));
    acknowledge(
      machine,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'Log delivery, traces and reading metrics have no resource to name.',
    );
    return machine;
  }

  private makeHeartbeat({ platform, heartbeat, failureQueue }: PathProofProps) {
    const made = new PlatformFunction(this, 'Heartbeat', {
      platform,
      source: { capability: 'alerting', name: 'heartbeat' },
      packaging: 'zip',
      contract: HeartbeatEnvironment,
      environment: {
        HEARTBEAT_WEEK_DAY: String(WEEK_DAYS.indexOf(heartbeat.weekDay)),
        HEARTBEAT_HOUR: String(heartbeat.hour),
      },
      timeout: Duration.minutes(1),
      memory: Size.mebibytes(256),
      asynchronous: { failureQueue, retryAttempts: 2 },
    });
    grantReadAlertingOperations(made, platform.environmentName);
    this.stateMachine.grantStartExecution(made);
    grantReadExecutions(made, this.stateMachine);
    made.runOn({ minute: '5', hour: '*' });
    return made;
  }

  /** Wrong only when it is told to be. What it watches is 0 every hour, so that one that was forgotten ends by itself. */
  private addTestAlarm(severity: Severity): void {
    declareAlarm(this, `${pascalCase(severity)}TestAlarm`, {
      severity,
      anchor: TEST_ANCHOR,
      description: `A test of the path that ${severity} alarms take. Nothing is wrong.`,
      metric: this.function.metricOwn('AlertingTest'),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'it is set, and not measured',
      missingData: 'ignore',
    });
  }

  private addUnprovenAlarm(severity: Severity): void {
    declareAlarm(this, `${pascalCase(severity)}UnprovenAlarm`, {
      severity: severity === 'critical' ? 'critical' : 'warning',
      anchor: 'alerting-path-unproven',
      subject: severity,
      description: `No test alarm has arrived by every route of ${severity} alarms for more than a week: a real one may not arrive either.`,
      metric: this.function.metricOwn(
        'HoursSincePathProven',
        { statistic: 'Maximum', period: Duration.hours(1) },
        { severity },
      ),
      threshold: UNPROVEN_HOURS,
      comparison: '>',
      of: [2, 3],
      missingData: 'breaching',
    });
  }
}

/** Lets somebody see how tests ended, and what they saw. */
export function grantReadExecutions(
  grantee: Parameters<typeof grantReadAlertingOperations>[0],
  machine: sfn.StateMachine,
): void {
  const stack = Stack.of(machine);
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['states:ListExecutions'], resources: [machine.stateMachineArn] }),
  );
  const executions = stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${machine.stateMachineName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['states:DescribeExecution', 'states:GetExecutionHistory'],
      resources: [executions],
    }),
  );
  const name = stack.getLogicalId(machine.node.defaultChild as sfn.CfnStateMachine);
  acknowledge(
    grantee,
    'AwsSolutions',
    `AwsSolutions-IAM5[Resource::arn:${stack.partition}:states:${stack.region}:${stack.account}:execution:<${name}.Name>:*]`,
    'Executions are named when they begin: those of one state machine.',
  );
}
