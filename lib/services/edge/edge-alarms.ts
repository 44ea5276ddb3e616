import { Duration } from 'aws-cdk-lib';
import { type Alarm, type IMetric, MathExpression, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  type ApplicationLoadBalancer,
  type ApplicationTargetGroup,
  HttpCodeElb,
  HttpCodeTarget,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../../config';
import { type AlarmDeclaration, declareAlarm } from '../../shared/alarm';
import type { Firewall } from './firewall';

/** Thresholds are the configuration's, and M of N are those of the field: `docs/decisions/1501-one-door.md`. */
type Limits = EnvironmentConfig['alarms']['edge'];

const MINUTE = Duration.minutes(1);

/** Of one target group. ECS takes their names as deployment alarms. */
export interface TargetAlarms {
  readonly errors: Alarm;
  readonly noHealthyHost: Alarm;
  readonly unhealthyHosts: Alarm;
  /** Requests go to tasks that are not healthy, because none is. */
  readonly unhealthyRouting: Alarm;
  readonly slow: Alarm;
}

/** The share of a target group's answers that were a 5xx, percent; 0 while there is too little traffic to say. */
export function metricErrorRate(
  targets: ApplicationTargetGroup,
  floorPerMinute: number,
  period = MINUTE,
): MathExpression {
  return aboveFloor(targets, floorPerMinute, period, '100 * FILL(errors, 0) / requests', {
    errors: targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period }),
  });
}

/** How long the slowest hundredth took, seconds; 0 while there is too little traffic to say. */
export function metricSlowest(
  targets: ApplicationTargetGroup,
  floorPerMinute: number,
  period = MINUTE,
): MathExpression {
  return aboveFloor(targets, floorPerMinute, period, 'slowest', {
    slowest: targets.metrics.targetResponseTime({ period, statistic: Stats.percentile(99) }),
  });
}

/** At night one unlucky request in three would otherwise page somebody. */
function aboveFloor(
  targets: ApplicationTargetGroup,
  floorPerMinute: number,
  period: Duration,
  expression: string,
  usingMetrics: Record<string, IMetric>,
): MathExpression {
  const perPeriod = floorPerMinute * period.toMinutes();
  return new MathExpression({
    expression: `IF(requests >= ${perPeriod}, ${expression}, 0)`,
    usingMetrics: { requests: targets.metrics.requestCount({ period }), ...usingMetrics },
    period,
    label: expression,
  });
}

/**
 * The load balancer counts these only when there are some. A minute without is a zero: CloudWatch would otherwise look for more
 * figures further back, and what is over would be an alarm for two minutes more.
 */
function orNone(metric: Metric): MathExpression {
  return new MathExpression({
    expression: 'FILL(counted, 0)',
    usingMetrics: { counted: metric },
    period: MINUTE,
    label: metric.metricName,
  });
}

/**
 * @param name of the targets, for people
 * @param slowAfter @default what the configuration says
 */
export function alarmTargets(
  scope: Construct,
  name: string,
  targets: ApplicationTargetGroup,
  limits: Limits,
  slowAfter = Duration.millis(1000 * limits.slowSeconds),
): TargetAlarms {
  const subject = name.toLowerCase();
  return {
    errors: above(scope, 'ErrorsAlarm', {
      anchor: 'edge-target-errors',
      subject,
      description: `More than ${limits.targetErrorsPercent} % of the answers of ${name} were errors (5xx).`,
      metric: metricErrorRate(targets, limits.trafficFloorPerMinute),
      threshold: limits.targetErrorsPercent,
      of: [2, 3],
    }),
    noHealthyHost: declareAlarm(scope, 'NoHealthyHostAlarm', {
      severity: 'warning',
      anchor: 'edge-no-healthy-host',
      subject,
      description: `No task of ${name} is healthy.`,
      metric: targets.metrics.healthyHostCount({ period: MINUTE, statistic: Stats.MINIMUM }),
      threshold: 1,
      comparison: '<',
      of: [2, 3],
      // No figure means that no task is registered at all.
      missingData: 'breaching',
    }),
    unhealthyHosts: above(scope, 'UnhealthyHostsAlarm', {
      anchor: 'edge-unhealthy-hosts',
      subject,
      description: `A task of ${name} has been unhealthy for five minutes.`,
      metric: targets.metrics.unhealthyHostCount({ period: MINUTE, statistic: Stats.MAXIMUM }),
      threshold: 0,
      of: [5, 5],
    }),
    unhealthyRouting: above(scope, 'UnhealthyRoutingAlarm', {
      anchor: 'edge-unhealthy-routing',
      subject,
      description: `No task of ${name} is healthy, and the load balancer sends requests to them all the same.`,
      metric: orNone(
        targets.metrics.custom('UnhealthyRoutingRequestCount', { period: MINUTE, statistic: Stats.SUM }),
      ),
      threshold: 0,
      of: [2, 3],
    }),
    slow: above(scope, 'SlowAlarm', {
      anchor: 'edge-slow',
      subject,
      description: `The slowest hundredth of the answers of ${name} took more than ${slowAfter.toHumanString()}.`,
      metric: metricSlowest(targets, limits.trafficFloorPerMinute),
      threshold: slowAfter.toSeconds({ integral: false }),
      of: [3, 5],
    }),
  };
}

/** Of the load balancer itself. */
export interface EdgeAlarms {
  readonly errors: Alarm;
  readonly rejectedConnections: Alarm;
  /** @default none - there is no firewall */
  readonly blockedRequests: Alarm | undefined;
  /** @default none - there is no certificate */
  readonly certificateExpiring: Alarm | undefined;
}

/** What the load balancer itself says. */
export function alarmEdge(
  scope: Construct,
  {
    loadBalancer,
    firewall,
    certificate,
    limits,
  }: {
    readonly loadBalancer: ApplicationLoadBalancer;
    readonly firewall?: { readonly metric: Firewall['metricBlocked']; readonly limit: number } | undefined;
    readonly certificate?: ICertificate | undefined;
    readonly limits: Limits;
  },
): EdgeAlarms {
  return {
    errors: above(scope, 'ErrorsAlarm', {
      anchor: 'edge-errors',
      description: `The load balancer answered more than ${limits.ownErrorsPerMinute} requests a minute with an error of its own (5xx).`,
      metric: orNone(loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, { period: MINUTE })),
      threshold: limits.ownErrorsPerMinute,
      of: [3, 3],
    }),
    rejectedConnections: above(scope, 'RejectedConnectionsAlarm', {
      anchor: 'edge-rejected-connections',
      description: 'The load balancer has no more room for connections and rejects some.',
      metric: orNone(loadBalancer.metrics.rejectedConnectionCount({ period: MINUTE })),
      threshold: 0,
      of: [3, 3],
    }),
    blockedRequests:
      firewall &&
      above(scope, 'BlockedRequestsAlarm', {
        anchor: 'edge-blocked-requests',
        description: `The firewall blocked more than ${firewall.limit} requests in five minutes.`,
        metric: firewall.metric(),
        // What one address may send at most: so many are no stray scanner.
        threshold: firewall.limit,
        of: [2, 3],
      }),
    certificateExpiring:
      certificate &&
      declareAlarm(scope, 'CertificateExpiringAlarm', {
        severity: 'warning',
        anchor: 'edge-certificate-expiring',
        description: `The certificate ends in less than ${limits.certificateDays} days.`,
        metric: certificate.metricDaysToExpiry(),
        threshold: limits.certificateDays,
        comparison: '<',
        of: [1, 1],
        onceIsEnough: 'ACM tells it once a day, and days do not come back',
        // ACM stops telling of a certificate that has ended, and then the alarm must not go.
        missingData: 'ignore',
      }),
  };
}

/** An alarm above a threshold. No data is no traffic, and breaches nothing. */
function above(
  scope: Construct,
  id: string,
  declaration: Omit<AlarmDeclaration, 'severity' | 'comparison' | 'missingData'>,
): Alarm {
  return declareAlarm(scope, id, {
    severity: 'warning',
    comparison: '>',
    missingData: 'notBreaching',
    ...declaration,
  });
}
