import { Duration } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { edgeStack, PLAIN } from './edge-stack';

interface Alarm {
  readonly AlarmDescription: string;
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: {
      readonly Stat: string;
      readonly Period: number;
      readonly Metric: {
        readonly MetricName: string;
        readonly Dimensions: readonly { readonly Name: string }[];
      };
    };
  }[];
}

const alarmsOf = (template: Template): Map<string, Alarm> =>
  new Map(
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => {
      const alarm = Properties as Alarm;
      return [/#edge-(\S+)$/.exec(alarm.AlarmDescription)?.[1] ?? 'none', alarm];
    }),
  );

let alarms: Map<string, Alarm>;

beforeAll(() => {
  const { behind, template } = edgeStack();
  behind('Gateway', { slowAfter: Duration.millis(800) });
  alarms = alarmsOf(template());
});

/** Catalogue: metric, statistic, comparison, threshold, M of N, period, what no data means. */
test.each([
  ['target-errors', undefined, undefined, 'GreaterThanThreshold', 5, [2, 3], undefined, 'notBreaching'],
  ['slow', undefined, undefined, 'GreaterThanThreshold', 0.8, [3, 5], undefined, 'notBreaching'],
  ['no-healthy-host', 'HealthyHostCount', 'Minimum', 'LessThanThreshold', 1, [2, 3], 60, 'breaching'],
  [
    'unhealthy-routing',
    'UnhealthyRoutingRequestCount',
    'Sum',
    'GreaterThanThreshold',
    0,
    [2, 3],
    60,
    'notBreaching',
  ],
  ['unhealthy-hosts', 'UnHealthyHostCount', 'Maximum', 'GreaterThanThreshold', 0, [5, 5], 60, 'notBreaching'],
  ['errors', 'HTTPCode_ELB_5XX_Count', 'Sum', 'GreaterThanThreshold', 5, [3, 3], 60, 'notBreaching'],
  [
    'rejected-connections',
    'RejectedConnectionCount',
    'Sum',
    'GreaterThanThreshold',
    0,
    [3, 3],
    60,
    'notBreaching',
  ],
  ['blocked-requests', 'BlockedRequests', 'Sum', 'GreaterThanThreshold', 3000, [2, 3], 300, 'notBreaching'],
  ['certificate-expiring', 'DaysToExpiry', 'Minimum', 'LessThanThreshold', 21, [1, 1], 86_400, 'ignore'],
] as const)(
  '%s is %s (%s) %s %d',
  (name, MetricName, Statistic, ComparisonOperator, Threshold, [m, n], Period, TreatMissingData) => {
    const { ...alarm } = alarms.get(name);
    const counted = alarm.Metrics?.find(({ Id }) => Id === 'counted')?.MetricStat;
    const metric = counted
      ? { MetricName: counted.Metric.MetricName, Statistic: counted.Stat, Period: counted.Period }
      : { MetricName: alarm.MetricName, Statistic: alarm.Statistic, Period: alarm.Period };
    expect(alarm).toMatchObject({
      ComparisonOperator,
      Threshold,
      EvaluationPeriods: n,
      TreatMissingData,
      DatapointsToAlarm: m,
    });
    expect(metric).toEqual({ MetricName, Statistic, Period });
  },
);

test('a share of errors, and what is slow, count only in minutes with enough traffic to say', () => {
  const expressionOf = (name: string) =>
    alarms.get(name)!.Metrics!.find(({ Expression }) => Expression !== undefined)!.Expression;
  expect(expressionOf('target-errors')).toBe('IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)');
  expect(expressionOf('slow')).toBe('IF(requests >= 20, slowest, 0)');
});

test('a minute without errors of the load balancer is a zero, and no minute without a figure', () => {
  for (const name of ['errors', 'rejected-connections', 'unhealthy-routing']) {
    const expressions = alarms.get(name)!.Metrics!.flatMap(({ Expression }) => Expression ?? []);
    expect([name, expressions]).toEqual([name, ['FILL(counted, 0)']]);
  }
});

test('shares are of the same targets: of one group behind one load balancer', () => {
  for (const name of ['target-errors', 'slow']) {
    const parts = alarms
      .get(name)!
      .Metrics!.flatMap(({ Id, MetricStat }) =>
        MetricStat ? [[Id, MetricStat.Metric.MetricName, MetricStat.Stat, MetricStat.Period]] : [],
      );
    expect(parts).toContainEqual(['requests', 'RequestCount', 'Sum', 60]);
    expect(parts).toContainEqual(
      name === 'slow'
        ? ['slowest', 'TargetResponseTime', 'p99', 60]
        : ['errors', 'HTTPCode_Target_5XX_Count', 'Sum', 60],
    );
    for (const { MetricStat } of alarms.get(name)!.Metrics!) {
      const dimensions = MetricStat?.Metric.Dimensions.map(({ Name }) => Name) ?? [
        'LoadBalancer',
        'TargetGroup',
      ];
      expect([...dimensions].sort()).toEqual(['LoadBalancer', 'TargetGroup']);
    }
  }
});

test('what the firewall blocked is asked for as AWS WAF tells it: by its name, its region and all rules', () => {
  expect(alarms.get('blocked-requests')).toMatchObject({
    Namespace: 'AWS/WAFV2',
    Dimensions: [
      { Name: 'Region', Value: 'eu-central-1' },
      { Name: 'Rule', Value: 'ALL' },
      { Name: 'WebACL', Value: 'golive-test' },
    ],
  });
});

test('an edge without firewall and certificate has no alarm on either', () => {
  const { edge, template } = edgeStack(PLAIN, null);
  expect([...alarmsOf(template()).keys()].sort()).toEqual(['errors', 'rejected-connections']);
  expect(edge.alarms).toMatchObject({ blockedRequests: undefined, certificateExpiring: undefined });
});

test('ECS can be told to roll back by the alarms of its targets', () => {
  const { edge, stack, behind, service, template } = edgeStack();
  const targets = behind('Gateway');
  const { errors, noHealthyHost } = edge.alarmsOf(targets);
  service('Other', 8080).enableDeploymentAlarms([errors.alarmName, noHealthyHost.alarmName]);

  template().hasResourceProperties('AWS::ECS::Service', {
    DeploymentConfiguration: {
      Alarms: {
        AlarmNames: [
          stack.resolve(errors.alarmName) as unknown,
          stack.resolve(noHealthyHost.alarmName) as unknown,
        ],
      },
    },
  });
});
