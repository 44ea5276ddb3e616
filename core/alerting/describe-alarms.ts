import {
  type CloudWatchClient,
  type CompositeAlarm,
  type MetricAlarm,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import { JudgedError, saidBy } from '../shared/errors';
import { type AlarmIdentity, parseAlarmName } from './alarm-name';
import { anchorIn } from './alarm-description';

/** CloudWatch did not say how alarms are. */
export class AlarmsUnreadableError extends JudgedError {
  readonly code = 'AlarmsUnreadableError';
}

export type AlarmStateValue = 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';

/** An alarm of ours, as CloudWatch has it. Times are UTC, ISO 8601. */
export interface AlarmNow extends AlarmIdentity {
  readonly name: string;
  readonly region: string;
  readonly state: AlarmStateValue;
  /** Since when it is in this state. */
  readonly since: string;
  /** What is wrong, and the section of the runbook. */
  readonly description: string;
  /** Why it is in this state, in CloudWatch's words. */
  readonly reason: string;
  /** It sounds, and nobody is told: another alarm, such as that of a deployment, keeps it quiet. */
  readonly isSuppressed: boolean;
}

export interface DescribeAlarmsRequest {
  readonly environment: string;
  /** Of the region whose alarms are asked for. It tries again by itself what is throttled or gets no answer. */
  readonly client: CloudWatchClient;
}

/** So many does CloudWatch give at once. */
const PAGE_SIZE = 100;

/**
 * Every alarm of an environment in one region, metric alarms and composite ones.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 *
 * @throws AlarmsUnreadableError
 */
export async function describeAlarms({ environment, client }: DescribeAlarmsRequest): Promise<AlarmNow[]> {
  const region = await client.config.region();
  const alarms: AlarmNow[] = [];
  try {
    const pages = paginateDescribeAlarms(
      { client, pageSize: PAGE_SIZE },
      { AlarmNamePrefix: `golive-${environment}-`, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
    );
    for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
      for (const alarm of [...MetricAlarms, ...CompositeAlarms]) {
        const identity = parseAlarmName(environment, alarm.AlarmName ?? '');
        if (identity) alarms.push(alarmNow(alarm, identity, region));
      }
    }
  } catch (error) {
    throw unreadable(region, error);
  }
  return alarms;
}

function alarmNow(
  alarm: MetricAlarm & Pick<CompositeAlarm, 'ActionsSuppressedBy'>,
  identity: AlarmIdentity,
  region: string,
): AlarmNow {
  const { AlarmName = '', AlarmDescription = '', StateValue, StateReason = '' } = alarm;
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  if (since === undefined || !isState(StateValue)) {
    throw new AlarmsUnreadableError(
      `CloudWatch in ${region} says of ${AlarmName} what is not known here; use a newer golive`,
      { retryable: false },
    );
  }
  return {
    ...identity,
    anchor: anchorIn(AlarmDescription) ?? identity.anchor,
    name: AlarmName,
    region,
    state: StateValue,
    since: since.toISOString(),
    description: AlarmDescription,
    reason: StateReason,
    isSuppressed: alarm.ActionsSuppressedBy !== undefined,
  };
}

const STATES: readonly string[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'] satisfies AlarmStateValue[];

function isState(value: string | undefined): value is AlarmStateValue {
  return value !== undefined && STATES.includes(value);
}

function unreadable(region: string, error: unknown): AlarmsUnreadableError {
  if (error instanceof AlarmsUnreadableError) return error;
  const { name, $metadata, $retryable } = error as Partial<{
    name: string;
    $metadata: { httpStatusCode?: number };
    $retryable: object;
  }>;
  const isRefused = $metadata?.httpStatusCode !== undefined && $metadata.httpStatusCode < 500 && !$retryable;
  const isCredentials = name === 'CredentialsProviderError';
  const advice = isCredentials
    ? 'sign in (aws sso login)'
    : isRefused
      ? 'sign in (aws sso login), set AWS_REGION, or ask for cloudwatch:DescribeAlarms'
      : 'look at your network, and try again in a minute';
  return new AlarmsUnreadableError(
    `CloudWatch in ${region} did not say how alarms are: ${saidBy(error)}; ${advice}`,
    { retryable: !isRefused && !isCredentials, cause: error },
  );
}
