/** What AWS publishes, as far as alarms of ours may name it. */
export interface Publication {
  /** The page that lists the metrics. */
  readonly source: string;
  /** The sets of dimensions under which each is told. */
  readonly dimensions: readonly (readonly string[])[];
  /** Each metric's unit, and its own sets of dimensions where they are others. */
  readonly metrics: Readonly<
    Record<string, Unit | { readonly unit: Unit; readonly dimensions: readonly (readonly string[])[] }>
  >;
}

export type Unit = 'Count' | 'Percent' | 'Seconds' | 'Milliseconds' | 'Bytes' | 'Days' | 'Hours' | 'Level';

const OF_TARGETS = [
  ['LoadBalancer', 'TargetGroup'],
  ['AvailabilityZone', 'LoadBalancer', 'TargetGroup'],
] as const;
const OF_A_STATE_MACHINE = [['StateMachineArn']] as const;

/** By namespace. */
export const PUBLISHED: Readonly<Record<string, Publication>> = {
  'AWS/ApplicationELB': {
    source:
      'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html',
    dimensions: [['LoadBalancer'], ['AvailabilityZone', 'LoadBalancer'], ...OF_TARGETS],
    metrics: {
      RequestCount: 'Count',
      TargetResponseTime: 'Seconds',
      HTTPCode_Target_5XX_Count: 'Count',
      HTTPCode_ELB_5XX_Count: {
        unit: 'Count',
        dimensions: [['LoadBalancer'], ['AvailabilityZone', 'LoadBalancer']],
      },
      RejectedConnectionCount: {
        unit: 'Count',
        dimensions: [['LoadBalancer'], ['AvailabilityZone', 'LoadBalancer']],
      },
      HealthyHostCount: { unit: 'Count', dimensions: OF_TARGETS },
      UnHealthyHostCount: { unit: 'Count', dimensions: OF_TARGETS },
      UnhealthyRoutingRequestCount: { unit: 'Count', dimensions: OF_TARGETS },
    },
  },
  'AWS/CertificateManager': {
    source: 'https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html',
    dimensions: [['CertificateArn']],
    metrics: { DaysToExpiry: 'Days' },
  },
  'AWS/ECS': {
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html',
    dimensions: [['ClusterName'], ['ClusterName', 'ServiceName']],
    metrics: { CPUUtilization: 'Percent', MemoryUtilization: 'Percent' },
  },
  'ECS/ContainerInsights': {
    source:
      'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html',
    dimensions: [['ClusterName', 'ServiceName']],
    metrics: { RunningTaskCount: 'Count', DeploymentCount: 'Count' },
  },
  'AWS/RDS': {
    source: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html',
    dimensions: [['DBInstanceIdentifier']],
    metrics: {
      CPUUtilization: 'Percent',
      CPUCreditBalance: 'Count',
      DatabaseConnections: 'Count',
      // Of Performance Insights: sessions, on average.
      DBLoad: 'Count',
      FreeableMemory: 'Bytes',
      FreeStorageSpace: 'Bytes',
      MaximumUsedTransactionIDs: 'Count',
      OldestReplicationSlotLag: 'Bytes',
      ReadLatency: 'Seconds',
      WriteLatency: 'Seconds',
    },
  },
  'AWS/ElastiCache': {
    source: 'https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html',
    dimensions: [['CacheClusterId'], ['CacheClusterId', 'CacheNodeId']],
    metrics: {
      EngineCPUUtilization: 'Percent',
      DatabaseMemoryUsagePercentage: 'Percent',
      Evictions: 'Count',
      ReplicationLag: 'Seconds',
    },
  },
  'AWS/Lambda': {
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html',
    dimensions: [['FunctionName'], ['FunctionName', 'Resource']],
    metrics: { Duration: 'Milliseconds', Errors: 'Count', Invocations: 'Count', Throttles: 'Count' },
  },
  'AWS/SQS': {
    source:
      'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html',
    dimensions: [['QueueName']],
    metrics: { ApproximateNumberOfMessagesVisible: 'Count' },
  },
  'AWS/SNS': {
    source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html',
    dimensions: [['TopicName']],
    metrics: { NumberOfNotificationsFailed: 'Count' },
  },
  'AWS/Events': {
    source: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html',
    dimensions: [['RuleName'], ['EventBusName', 'RuleName']],
    metrics: { TriggeredRules: 'Count', FailedInvocations: 'Count', RetryInvocationAttempts: 'Count' },
  },
  'AWS/States': {
    source: 'https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html',
    dimensions: OF_A_STATE_MACHINE,
    metrics: {
      ExecutionsStarted: 'Count',
      ExecutionsFailed: 'Count',
      ExecutionsTimedOut: 'Count',
      ExecutionsAborted: 'Count',
    },
  },
  'AWS/S3': {
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html',
    dimensions: [['DestinationBucket', 'RuleId', 'SourceBucket']],
    metrics: { OperationsFailedReplication: 'Count', ReplicationLatency: 'Seconds' },
  },
  'AWS/WAFV2': {
    source: 'https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html',
    dimensions: [['Region', 'Rule', 'WebACL']],
    metrics: { BlockedRequests: 'Count' },
  },
};
