import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { runbook } from '../shared/runbook';
import type { WebServiceMetrics } from './web-service-metrics';

export interface WebServiceAlarmsProps {
  /** `gateway` */
  readonly name: string;
  readonly metrics: WebServiceMetrics;
  /** As many tasks as there are at the quietest hour. */
  readonly minTasks: number;
  /** Whether CloudWatch counts the tasks: Container Insights does. */
  readonly countsTasks: boolean;
}

const MINUTE = Duration.minutes(1);
/** Scaling has begun far below. Above it nothing is left for a task that falls. */
const EXHAUSTED_PERCENT = 90;
/** A deployment and a task that is replaced are over by then. */
const MINUTES = 5;

/** What a service's tasks say of themselves. What people get is the edge's to tell. */
export function alarmWebService(
  scope: Construct,
  { name, metrics, minTasks, countsTasks }: WebServiceAlarmsProps,
): void {
  const alarm = (
    id: string,
    metric: Metric,
    threshold: number,
    isAbove: boolean,
    description: string,
    anchor: string,
  ) =>
    metric.createAlarm(scope, id, {
      alarmDescription: `${description} ${runbook('services', anchor)}`,
      threshold,
      comparisonOperator: isAbove
        ? ComparisonOperator.GREATER_THAN_THRESHOLD
        : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: MINUTES,
      datapointsToAlarm: MINUTES,
      // A service of which there is no figure has no task.
      treatMissingData: TreatMissingData.BREACHING,
    });
  const everyMinute = { period: MINUTE, statistic: Stats.AVERAGE };
  alarm(
    'CpuAlarm',
    metrics.cpu(everyMinute),
    EXHAUSTED_PERCENT,
    true,
    `The tasks of ${name} use more than ${EXHAUSTED_PERCENT} % of their processors.`,
    'cpu-exhausted',
  );
  alarm(
    'MemoryAlarm',
    metrics.memory(everyMinute),
    EXHAUSTED_PERCENT,
    true,
    `The tasks of ${name} use more than ${EXHAUSTED_PERCENT} % of their memory.`,
    'memory-exhausted',
  );
  if (!countsTasks) return;
  alarm(
    'TasksMissingAlarm',
    metrics.runningTasks({ period: MINUTE, statistic: Stats.MINIMUM }),
    minTasks,
    false,
    `Fewer than ${minTasks} tasks of ${name} run.`,
    'tasks-missing',
  );
}
