import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';

/** A service's metrics, percent of what its tasks are given, or their number. */
export class WebServiceMetrics {
  constructor(private readonly service: FargateService) {}

  /** Processors in use, percent over all tasks. @default average over 5 minutes */
  cpu(options?: MetricOptions): Metric {
    return this.service.metricCpuUtilization(options);
  }

  /** Memory in use, percent over all tasks. @default average over 5 minutes */
  memory(options?: MetricOptions): Metric {
    return this.service.metricMemoryUtilization(options);
  }

  /** How many tasks run. @default average over 5 minutes */
  runningTasks(options?: MetricOptions): Metric {
    return this.counted('RunningTaskCount', options);
  }

  /** How many deployments there are: one, and another one while something is deployed. @default average over 5 minutes */
  deployments(options?: MetricOptions): Metric {
    return this.counted('DeploymentCount', options);
  }

  /**
   * What only Container Insights counts.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
   */
  private counted(metricName: string, options?: MetricOptions): Metric {
    return new Metric({
      namespace: 'ECS/ContainerInsights',
      metricName,
      dimensionsMap: {
        ClusterName: this.service.cluster.clusterName,
        ServiceName: this.service.serviceName,
      },
      ...options,
    });
  }
}
