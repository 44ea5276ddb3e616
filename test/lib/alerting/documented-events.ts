/**
 * Events as CloudWatch's documentation shows them, with names of ours.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export interface AlarmEvent {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly alarmName: string;
    readonly state: Readonly<Record<string, unknown>> & { readonly value: string };
    readonly previousState: Readonly<Record<string, unknown>> & { readonly value: string };
    readonly configuration: Readonly<Record<string, unknown>>;
  };
}

export const ACCOUNT = '333333333333';

export interface Change {
  readonly name?: string;
  readonly region?: string;
  readonly value?: string;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly previousState?: Readonly<Record<string, unknown>>;
  readonly configuration?: Readonly<Record<string, unknown>>;
}

export function alarmEvent(change: Change = {}): AlarmEvent {
  const {
    name = 'golive-prod-critical-edge-no-healthy-host--gateway',
    region = 'eu-central-1',
    value = 'ALARM',
  } = change;
  return {
    id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    time: '2026-10-02T17:04:40Z',
    region,
    resources: [`arn:aws:cloudwatch:${region}:${ACCOUNT}:alarm:${name}`],
    detail: {
      alarmName: name,
      configuration: {
        description: 'No task of gateway is healthy. See docs/runbook.md#edge-no-healthy-host',
        metrics: [
          {
            id: '30b6c6b2-a864-43a2-4877-c09a1afc3b87',
            metricStat: {
              metric: {
                dimensions: { LoadBalancer: 'app/golive/50dc6c495c0c9188' },
                name: 'HealthyHostCount',
                namespace: 'AWS/ApplicationELB',
              },
              period: 60,
              stat: 'Minimum',
            },
            returnData: true,
          },
        ],
        ...change.configuration,
      },
      previousState: {
        value: value === 'OK' ? 'ALARM' : 'OK',
        reason: 'Threshold Crossed: 1 out of the last 1 datapoints was not less than the threshold (1.0).',
        reasonData: '{"version":"1.0","recentDatapoints":[2.0],"threshold":1.0}',
        timestamp: '2026-10-01T13:56:40.987+0000',
        ...change.previousState,
      },
      state: {
        value,
        reason:
          'Threshold Crossed: 2 out of the last 3 datapoints [0.0, 0.0] were less than the threshold (1.0).',
        reasonData: '{"version":"1.0","recentDatapoints":[0.0],"threshold":1.0}',
        timestamp: '2026-10-02T17:04:40.989+0000',
        ...change.state,
      },
    },
  };
}

const COMPOSITE = {
  alarmRule:
    'ALARM("golive-prod-warning-edge-slow--gateway") OR ALARM("golive-prod-warning-edge-target-errors")',
  metrics: undefined,
};

/** The documented shapes in which an alarm sounds and is to be told. */
export const SHAPES: Readonly<Record<string, Change>> = {
  'a metric alarm': {},
  'a metric-math alarm that was new': {
    configuration: {
      metrics: [
        { expression: 'SUM(METRICS())', id: 'e1', label: 'Total', returnData: true },
        {
          id: 'm1',
          metricStat: {
            metric: { dimensions: {}, name: 'NetworkIn', namespace: 'AWS/EC2' },
            period: 300,
            stat: 'Maximum',
          },
          returnData: false,
        },
      ],
    },
    previousState: { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
  },
  'an anomaly alarm': {
    configuration: {
      metrics: [
        { id: 'm1', metricStat: { metric: { name: 'CPUUtilization' }, period: 60 }, returnData: true },
        { id: 'ad1', expression: 'ANOMALY_DETECTION_BAND(m1, 0.8)', returnData: true },
      ],
    },
    state: { reasonData: '{"recentLowerThresholds":[0.02],"recentUpperThresholds":[0.3]}' },
  },
  'a composite alarm': {
    configuration: COMPOSITE,
    state: {
      reason:
        'arn:aws:cloudwatch:eu-central-1:333333333333:alarm:golive-prod-warning-edge-slow transitioned to ALARM at Friday 02 October, 2026 17:04:40 UTC',
      reasonData: '{"triggeringAlarms":[{"arn":"arn:x","state":{"value":"ALARM"}}]}',
    },
  },
  'an alarm over many time series': {
    state: { reason: '6 out of 6 time series evaluated to ALARM', reasonData: undefined },
  },
  'an alarm set by hand, without data': { state: { reason: 'A "test"', reasonData: undefined } },
  'a composite alarm whose quiet has ended': {
    configuration: { ...COMPOSITE, actionsSuppressor: 'golive-prod-info-services-deploying--gateway' },
    previousState: {
      value: 'ALARM',
      actionsSuppressedBy: 'Alarm',
      actionsSuppressedReason: 'Actions suppressed',
    },
  },
  'an alarm with no description': { configuration: { description: undefined } },
  'words in quotes, over lines': {
    configuration: { description: 'Say "no" to C:\\temp,\nand <nobody> else. See docs/runbook.md#x' },
    state: { reason: 'It said "no"\n\\ and went' },
  },
  'words that are not Latin': {
    configuration: { description: 'データベースの空き容量が少ない。Мало места 🚨. See docs/runbook.md#x' },
  },
};

/** As they come from EventBridge: what is undefined is not there. */
export function asSent(change: Change): AlarmEvent {
  return JSON.parse(JSON.stringify(alarmEvent(change))) as AlarmEvent;
}

export const QUIET: Change = {
  configuration: COMPOSITE,
  state: { actionsSuppressedBy: 'WaitPeriod', actionsSuppressedReason: 'Actions suppressed by WaitPeriod' },
};
