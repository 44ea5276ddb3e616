import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { type AlarmDeclaration, declareAlarm, declareCompositeAlarm } from '../shared/alarm';

export interface CacheAlarmsProps {
  readonly replicationGroupId: string;
  /** Primary and replicas. */
  readonly nodes: number;
  readonly limits: EnvironmentConfig['alarms']['cache'];
}

/** Valkey has one node in each of its clusters. */
const NODE_ID = '0001';

/**
 * What each node says. Which of them is the primary changes, and a group whose number of nodes was changed may have numbers
 * left out; so what is not told breaches nothing: that the cache is gone is told by who uses it.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
 */
export function alarmCache(scope: Construct, { replicationGroupId, nodes, limits }: CacheAlarmsProps): void {
  const full: Alarm[] = [];
  for (let node = 1; node <= nodes; node++) {
    const clusterId = `${replicationGroupId}-${String(node).padStart(3, '0')}`;
    const declare = (
      kind: string,
      metricName: string,
      statistic: string,
      declaration: Omit<AlarmDeclaration, 'severity' | 'missingData' | 'metric' | 'comparison' | 'subject'>,
    ) =>
      declareAlarm(scope, `${kind}${node}Alarm`, {
        severity: 'warning',
        subject: `node-${node}`,
        comparison: '>',
        missingData: 'notBreaching',
        metric: new Metric({
          namespace: 'AWS/ElastiCache',
          metricName,
          dimensionsMap: { CacheClusterId: clusterId, CacheNodeId: NODE_ID },
          statistic,
          period: Duration.minutes(1),
        }),
        ...declaration,
      });
    declare('Cpu', 'EngineCPUUtilization', Stats.AVERAGE, {
      anchor: 'cache-cpu-exhausted',
      description: `Node ${node} of the cache uses more than ${limits.engineCpuPercent} % of the one processor that its engine has.`,
      threshold: limits.engineCpuPercent,
      of: [5, 5],
    });
    declare('MemoryHigh', 'DatabaseMemoryUsagePercentage', Stats.MAXIMUM, {
      anchor: 'cache-memory-high',
      description: `Node ${node} of the cache uses more than ${limits.memoryHighPercent} % of its memory.`,
      threshold: limits.memoryHighPercent,
      of: [5, 5],
    });
    full.push(
      declare('MemoryFull', 'DatabaseMemoryUsagePercentage', Stats.MAXIMUM, {
        anchor: 'cache-memory-full',
        description: `Node ${node} of the cache uses more than ${limits.memoryFullPercent} % of its memory.`,
        threshold: limits.memoryFullPercent,
        of: [5, 5],
      }),
    );
    declare('Evictions', 'Evictions', Stats.SUM, {
      anchor: 'cache-evictions',
      description: `Node ${node} of the cache throws away what nobody has told it to.`,
      threshold: 0,
      of: [3, 3],
    });
    if (nodes === 1) continue;
    declare('ReplicationLag', 'ReplicationLag', Stats.MAXIMUM, {
      anchor: 'cache-replication-lagging',
      description: `Node ${node} of the cache is more than ${limits.replicationLagSeconds} s behind its primary.`,
      threshold: limits.replicationLagSeconds,
      of: [3, 3],
    });
  }
  declareCompositeAlarm(scope, 'UnwellAlarm', {
    severity: 'critical',
    anchor: 'cache-unwell',
    description: 'The cache is full.',
    anyOf: full,
  });
}
