import { Aws, Duration } from 'aws-cdk-lib';
import { RUN_ENDS } from '../../core/services/migrations/run-ends';
import { RUN_TASK } from '../shared/run-task';

/** CloudFormation waits for a custom resource an hour at most; the three limits inside it leave time for the answer. */
export const LIMITS = {
  /** Of the task itself, from asking for it to its end. */
  task: Duration.minutes(45),
  /** Of the whole run: the task, starting it again, and telling how it ended four times. */
  run: Duration.minutes(55),
  /** Of CloudFormation's patience. */
  answer: Duration.minutes(60),
} as const;

/** A task that never began: no capacity, a limit, a role that IAM does not know everywhere yet. */
const NOT_BEGUN = [
  'AmazonECS.Unknown', // RunTask answered with failures: no capacity, above all
  'ECS.AccessDeniedException',
  'ECS.AmazonECSException',
  'ECS.ClientException',
  'ECS.InvalidParameterException',
  'ECS.ServerException',
  'ECS.ThrottlingException',
];

export interface MigrationDefinitionOptions {
  readonly clusterArn: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  readonly hasPublicIp: boolean;
  /** Of the function that tells how it ended. */
  readonly answerFunctionArn: string;
}

/**
 * Runs the task, then tells how it ended, whatever way it did, and ends so itself. Input: `MigrationRun`.
 *
 * Which revision of the task stands in the input and not here: an execution that begins right after the state machine
 * was updated may still be given the definition of before, and would migrate with the image of before.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
 *
 * The task gets no client token: Step Functions does not list it among what it passes to RunTask. Two tasks at once do
 * no harm: the second waits for the first one's lock, and finds nothing left to do.
 */
export function migrationDefinition(options: MigrationDefinitionOptions): object {
  return {
    Comment: 'Migrates the database and tells CloudFormation, if it asked, how that ended',
    StartAt: 'Migrate',
    TimeoutSeconds: LIMITS.run.toSeconds(),
    States: {
      Migrate: {
        Type: 'Task',
        Resource: RUN_TASK,
        TimeoutSeconds: LIMITS.task.toSeconds(),
        Parameters: {
          Cluster: options.clusterArn,
          'TaskDefinition.$': '$.taskDefinition',
          LaunchType: 'FARGATE',
          PlatformVersion: 'LATEST',
          // By it the task is found when Step Functions does not say which one it was: after a time-out.
          'Group.$': '$$.Execution.Name',
          NetworkConfiguration: {
            AwsvpcConfiguration: {
              AssignPublicIp: options.hasPublicIp ? 'ENABLED' : 'DISABLED',
              SecurityGroups: [options.securityGroupId],
              Subnets: options.subnetIds,
            },
          },
        },
        ResultPath: null,
        // What began and failed is not begun again: a second try fails the same way, and the deployment waits.
        Retry: [{ ErrorEquals: NOT_BEGUN, IntervalSeconds: 5, MaxAttempts: 4, BackoffRate: 2 }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Tell' }],
        Next: 'Tell',
      },
      Tell: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::lambda:invoke`,
        Parameters: {
          FunctionName: options.answerFunctionArn,
          Payload: { 'run.$': '$', 'executionName.$': '$$.Execution.Name' },
        },
        ResultSelector: { 'outcome.$': '$.Payload.outcome', 'reason.$': '$.Payload.reason' },
        ResultPath: '$.told',
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 3, BackoffRate: 2 }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.untold', Next: 'JudgeUntold' }],
        Next: 'Judge',
      },
      Judge: {
        Type: 'Choice',
        Choices: [{ Variable: '$.told.outcome', StringEquals: 'migrated', Next: 'Migrated' }],
        Default: 'Failed',
      },
      Migrated: { Type: 'Succeed' },
      Failed: { Type: 'Fail', Error: RUN_ENDS.told, CausePath: '$.told.reason' },
      // Whoever hears of the end tries once more to tell, and must know which of the two it is.
      JudgeUntold: {
        Type: 'Choice',
        Choices: [{ Variable: '$.failure', IsPresent: true, Next: 'FailedUntold' }],
        Default: 'MigratedUntold',
      },
      FailedUntold: {
        Type: 'Fail',
        Error: RUN_ENDS.failedUntold,
        CausePath: 'States.JsonToString($.failure)',
      },
      MigratedUntold: {
        Type: 'Fail',
        Error: RUN_ENDS.migratedUntold,
        Cause: 'The database is migrated, and CloudFormation could not be told',
      },
    },
  };
}
