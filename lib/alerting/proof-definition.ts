import { Aws, Duration } from 'aws-cdk-lib';
import { PROOF_STATES } from '../../core/alerting/proof-states';

/** EventBridge delivers in seconds; its metrics come a minute or two later. */
const ARRIVES_IN = Duration.minutes(3);
const METRICS_COME_IN = Duration.minutes(4);

const sdk = (call: string) => `arn:${Aws.PARTITION}:states:::aws-sdk:${call}`;

/** AWS says no for a moment: everything here may be done twice. */
const RETRY = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 5, BackoffRate: 2 }];

/**
 * Has a test alarm sound, lets it be over, and reads what was counted meanwhile. Input: `ProofInput`; output: `ProofOutput`.
 * It judges nothing, so that one who asks by hand sees the figures. Once the alarm sounds, nothing but its end follows: a
 * failed reading comes after it.
 */
export function proofDefinition(): object {
  return {
    Comment: 'Sends a test alarm down every route of a severity',
    StartAt: PROOF_STATES.sound,
    TimeoutSeconds: Duration.minutes(20).toSeconds(),
    States: {
      [PROOF_STATES.sound]: setAlarm(
        'ALARM',
        'A test of the alarm path: nothing is wrong.',
        PROOF_STATES.sounding,
      ),
      [PROOF_STATES.sounding]: wait(ARRIVES_IN, PROOF_STATES.end),
      [PROOF_STATES.end]: setAlarm('OK', 'The test of the alarm path is over.', PROOF_STATES.ending),
      [PROOF_STATES.ending]: wait(METRICS_COME_IN, PROOF_STATES.deadLetters),
      [PROOF_STATES.deadLetters]: {
        Type: 'Task',
        Resource: sdk('sqs:getQueueAttributes'),
        Parameters: {
          'QueueUrl.$': '$.deadLetterQueueUrl',
          AttributeNames: ['ApproximateNumberOfMessages'],
        },
        ResultPath: '$.deadLetters',
        Retry: RETRY,
        Next: PROOF_STATES.read,
      },
      [PROOF_STATES.read]: {
        Type: 'Task',
        Resource: sdk('cloudwatch:getMetricData'),
        Parameters: {
          'MetricDataQueries.$': '$.queries',
          'StartTime.$': '$$.Execution.StartTime',
          'EndTime.$': '$$.State.EnteredTime',
        },
        ResultPath: '$.seen',
        Retry: RETRY,
        Next: 'Read',
      },
      Read: { Type: 'Succeed' },
    },
  };
}

function setAlarm(StateValue: 'ALARM' | 'OK', StateReason: string, Next: string): object {
  return {
    Type: 'Task',
    Resource: sdk('cloudwatch:setAlarmState'),
    Parameters: { 'AlarmName.$': '$.alarmName', StateValue, StateReason },
    ResultPath: null,
    Retry: RETRY,
    Next,
  };
}

function wait(time: Duration, Next: string): object {
  return { Type: 'Wait', Seconds: time.toSeconds(), Next };
}
