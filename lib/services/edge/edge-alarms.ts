import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  ComparisonOperator,
  type CreateAlarmOptions,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  type ApplicationLoadBalancer,
  type ApplicationTargetGroup,
  HttpCodeElb,
  HttpCodeTarget,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { runbook } from '../../shared/runbook';
import type { Firewall } from './firewall';

/**
 * Thresholds and M of N are those of the field: `docs/decisions/1501-one-door.md`. A minute with fewer requests than this
 * says nothing of a share or of a slowest hundredth: at night one unlucky request in three would page somebody.
 */
export const TRAFFIC_FLOOR_PER_MINUTE = 20;

const MINUTE = Duration.minutes(1);
/** Errors that the load balancer answers for by itself, a minute. */
const ELB_ERRORS_PER_MINUTE = 5;
const ERROR_PERCENT = 5;
/** ACM renews a certificate that DNS validates sixty days before its end: by then something has been wrong for weeks. */
const CERTIFICATE_DAYS = 21;

/** Of one target group. ECS takes their names as deployment alarms. */
export interface TargetAlarms {
  readonly errors: Alarm;
  readonly noHealthyHost: Alarm;
  readonly unhealthyHosts: Alarm;
  readonly slow: Alarm;
}

/** The share of a target group's answers that were a 5xx, percent; 0 while there is too little traffic to say. */
export function metricErrorRate(targets: ApplicationTargetGroup, period = MINUTE): MathExpression {
  return aboveFloor(targets, period, '100 * FILL(errors, 0) / requests', {
    errors: targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period }),
  });
}

/** How long the slowest hundredth took, seconds; 0 while there is too little traffic to say. */
export function metricSlowest(targets: ApplicationTargetGroup, period = MINUTE): MathExpression {
  return aboveFloor(targets, period, 'slowest', {
    slowest: targets.metrics.targetResponseTime({ period, statistic: Stats.percentile(99) }),
  });
}

function aboveFloor(
  targets: ApplicationTargetGroup,
  period: Duration,
  expression: string,
  usingMetrics: Record<string, IMetric>,
): MathExpression {
  const perPeriod = TRAFFIC_FLOOR_PER_MINUTE * period.toMinutes();
  return new MathExpression({
    expression: `IF(requests >= ${perPeriod}, ${expression}, 0)`,
    usingMetrics: { requests: targets.metrics.requestCount({ period }), ...usingMetrics },
    period,
    label: expression,
  });
}

/** @param name of the targets, for people */
export function alarmTargets(
  scope: Construct,
  name: string,
  targets: ApplicationTargetGroup,
  slowAfter: Duration,
): TargetAlarms {
  return {
    errors: above(metricErrorRate(targets), scope, 'ErrorsAlarm', {
      threshold: ERROR_PERCENT,
      of: [2, 3],
      description: `More than ${ERROR_PERCENT} % of the answers of ${name} were errors (5xx).`,
      anchor: 'target-errors',
    }),
    noHealthyHost: targets.metrics
      .healthyHostCount({ period: MINUTE, statistic: Stats.MINIMUM })
      .createAlarm(scope, 'NoHealthyHostAlarm', {
        alarmDescription: `No task of ${name} is healthy. ${runbook('edge', 'no-healthy-host')}`,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 3,
        datapointsToAlarm: 2,
        // No figure means that no task is registered at all.
        treatMissingData: TreatMissingData.BREACHING,
      }),
    unhealthyHosts: above(
      targets.metrics.unhealthyHostCount({ period: MINUTE, statistic: Stats.MAXIMUM }),
      scope,
      'UnhealthyHostsAlarm',
      {
        threshold: 0,
        of: [5, 5],
        description: `A task of ${name} has been unhealthy for five minutes.`,
        anchor: 'unhealthy-hosts',
      },
    ),
    slow: above(metricSlowest(targets), scope, 'SlowAlarm', {
      threshold: slowAfter.toSeconds({ integral: false }),
      of: [3, 5],
      description: `The slowest hundredth of the answers of ${name} took more than ${slowAfter.toHumanString()}.`,
      anchor: 'slow',
    }),
  };
}

/** What the load balancer itself says. */
export function alarmEdge(
  scope: Construct,
  {
    loadBalancer,
    firewall,
    certificate,
  }: {
    readonly loadBalancer: ApplicationLoadBalancer;
    readonly firewall?: { readonly metric: Firewall['metricBlocked']; readonly limit: number } | undefined;
    readonly certificate?: ICertificate | undefined;
  },
): Alarm[] {
  return [
    above(
      loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, { period: MINUTE }),
      scope,
      'ErrorsAlarm',
      {
        threshold: ELB_ERRORS_PER_MINUTE,
        of: [3, 3],
        description: `The load balancer answered more than ${ELB_ERRORS_PER_MINUTE} requests a minute with an error of its own (5xx).`,
        anchor: 'errors',
      },
    ),
    above(
      loadBalancer.metrics.rejectedConnectionCount({ period: MINUTE }),
      scope,
      'RejectedConnectionsAlarm',
      {
        threshold: 0,
        of: [3, 3],
        description: 'The load balancer has no more room for connections and rejects some.',
        anchor: 'rejected-connections',
      },
    ),
    ...(firewall
      ? [
          above(firewall.metric(), scope, 'BlockedRequestsAlarm', {
            // What one address may send at most: so many are no stray scanner.
            threshold: firewall.limit,
            of: [2, 3],
            description: `The firewall blocked more than ${firewall.limit} requests in five minutes.`,
            anchor: 'blocked-requests',
          }),
        ]
      : []),
    ...(certificate
      ? [
          certificate.metricDaysToExpiry().createAlarm(scope, 'CertificateExpiringAlarm', {
            alarmDescription: `The certificate ends in less than ${CERTIFICATE_DAYS} days. ${runbook('edge', 'certificate-expiring')}`,
            comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold: CERTIFICATE_DAYS,
            evaluationPeriods: 1,
            // ACM stops telling of a certificate that has ended, and then the alarm must not go.
            treatMissingData: TreatMissingData.IGNORE,
          }),
        ]
      : []),
  ];
}

/** An alarm above a threshold. No data is no traffic, and breaches nothing. */
function above(
  metric: Metric | MathExpression,
  scope: Construct,
  id: string,
  {
    threshold,
    of: [datapointsToAlarm, evaluationPeriods],
    description,
    anchor,
  }: {
    readonly threshold: CreateAlarmOptions['threshold'];
    /** M of N periods. */
    readonly of: readonly [number, number];
    readonly description: string;
    readonly anchor: string;
  },
): Alarm {
  return metric.createAlarm(scope, id, {
    alarmDescription: `${description} ${runbook('edge', anchor)}`,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold,
    datapointsToAlarm,
    evaluationPeriods,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
