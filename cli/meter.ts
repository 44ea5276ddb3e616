import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

/** Where a command's metrics go. On a person's machine: nowhere. */
export interface Meter {
  count(name: string, value: number): void;
  bytes(name: string, value: number): void;
  seconds(name: string, value: number): void;
  /** Counts 1 when the work fails and 0 when it does not. */
  counting<T>(failures: string, work: () => Promise<T>): Promise<T>;
  /** Writes what was measured. */
  flush(): void;
}

/**
 * In a task, metrics are lines of the log that CloudWatch reads, with the functions' namespace and dimensions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
 *
 * @param env POWERTOOLS_METRICS_NAMESPACE switches them on
 */
export function meterOf(env: NodeJS.ProcessEnv): Meter {
  const namespace = env['POWERTOOLS_METRICS_NAMESPACE'];
  const metrics =
    namespace === undefined
      ? undefined
      : new Metrics({
          namespace,
          serviceName: env['POWERTOOLS_SERVICE_NAME'] ?? 'golive',
          defaultDimensions: { environment: env['GOLIVE_ENV'] ?? 'unknown' },
        });
  const add = (name: string, unit: Unit, value: number) => metrics?.addMetric(name, unit, value);
  return {
    count: (name, value) => add(name, MetricUnit.Count, value),
    bytes: (name, value) => add(name, MetricUnit.Bytes, value),
    seconds: (name, value) => add(name, MetricUnit.Seconds, value),
    async counting(failures, work) {
      try {
        const result = await work();
        add(failures, MetricUnit.Count, 0);
        return result;
      } catch (error) {
        add(failures, MetricUnit.Count, 1);
        throw error;
      }
    },
    flush: () => metrics?.publishStoredMetrics(),
  };
}
