/** What a platform is, as far as its metrics depend on it. */
export interface PlatformFacts {
  /** Of the database. */
  readonly storageBytes: number;
  readonly databaseMemoryBytes: number;
  readonly maxConnections: number;
  /** The fewest tasks of a service. */
  readonly minTasks: number;
  /** A function's alarm on its duration sounds at this share of its time-out, 0 to 1. */
  readonly slowShareOfTimeout: number;
}

/** A metric on a calm day and at its worst. */
export interface Level {
  /** @default it is not told: CloudWatch has no figure for what did not happen */
  readonly calm?: number;
  readonly worst: number;
  /**
   * `gradual`: it becomes worse bit by bit, or in a minute. `stock`: bit by bit only. `sudden`: it is there or it is not.
   * `event`: the same, and a bad minute is too short for it.
   * @default 'gradual', and 'sudden' for what is not told on a calm day
   */
  readonly manner?: 'gradual' | 'stock' | 'sudden' | 'event';
}

/** Metrics that are told every minute, or when something happens. By namespace and name. */
export function levelsOf(facts: PlatformFacts): Readonly<Record<string, Level>> {
  return {
    'AWS/ApplicationELB HTTPCode_Target_5XX_Count': { worst: 3000 },
    'AWS/ApplicationELB HTTPCode_ELB_5XX_Count': { worst: 3000 },
    'AWS/ApplicationELB RejectedConnectionCount': { worst: 10 },
    'AWS/ApplicationELB UnhealthyRoutingRequestCount': { worst: 6000 },
    'AWS/ApplicationELB TargetResponseTime': { calm: 0.2, worst: 10 },
    'AWS/ApplicationELB HealthyHostCount': { calm: facts.minTasks, worst: 0, manner: 'sudden' },
    'AWS/ApplicationELB UnHealthyHostCount': { calm: 0, worst: facts.minTasks, manner: 'sudden' },
    'AWS/WAFV2 BlockedRequests': { calm: 5, worst: 10_000 },
    'AWS/CertificateManager DaysToExpiry': { calm: 200, worst: 10, manner: 'stock' },
    'AWS/ECS CPUUtilization': { calm: 45, worst: 100 },
    'AWS/ECS MemoryUtilization': { calm: 50, worst: 99 },
    'ECS/ContainerInsights RunningTaskCount': { calm: facts.minTasks, worst: 0, manner: 'sudden' },
    'ECS/ContainerInsights DeploymentCount': { calm: 1, worst: 1 },
    'AWS/RDS CPUUtilization': { calm: 30, worst: 100 },
    'AWS/RDS DBLoad': { calm: 0.5, worst: 40 },
    'AWS/RDS ReadLatency': { calm: 0.001, worst: 0.2 },
    'AWS/RDS WriteLatency': { calm: 0.002, worst: 0.2 },
    'AWS/RDS FreeableMemory': {
      calm: 0.5 * facts.databaseMemoryBytes,
      worst: 0.02 * facts.databaseMemoryBytes,
    },
    'AWS/RDS FreeStorageSpace': { calm: 0.6 * facts.storageBytes, worst: 0, manner: 'stock' },
    'AWS/RDS DatabaseConnections': { calm: 0.2 * facts.maxConnections, worst: facts.maxConnections },
    'AWS/RDS MaximumUsedTransactionIDs': { calm: 2e8, worst: 1.1e9, manner: 'stock' },
    'AWS/RDS OldestReplicationSlotLag': { calm: 0, worst: 1e11, manner: 'stock' },
    'AWS/RDS CPUCreditBalance': { calm: 500, worst: 0, manner: 'stock' },
    'AWS/ElastiCache EngineCPUUtilization': { calm: 20, worst: 100 },
    'AWS/ElastiCache DatabaseMemoryUsagePercentage': { calm: 40, worst: 100 },
    'AWS/ElastiCache Evictions': { calm: 0, worst: 1000 },
    'AWS/ElastiCache ReplicationLag': { calm: 0.05, worst: 30 },
    'AWS/Lambda Throttles': { calm: 0, worst: 2, manner: 'sudden' },
    'AWS/S3 ReplicationLatency': { calm: 20, worst: 20_000, manner: 'stock' },
    'AWS/SQS ApproximateNumberOfMessagesVisible': { calm: 0, worst: 3, manner: 'stock' },
    'AWS/Events FailedInvocations': { worst: 3, manner: 'event' },
    'AWS/Events RetryInvocationAttempts': { worst: 3, manner: 'event' },
    'AWS/SNS NumberOfNotificationsFailed': { worst: 3, manner: 'event' },
    'GoLive otelcol_exporter_send_failed_spans': { calm: 0, worst: 500 },
  };
}

/** Metrics that only somebody's own run tells. By namespace and name; what a run tells when it goes well, and when not. */
export function runsOf(facts: PlatformFacts, threshold: number): Readonly<Record<string, Level>> {
  const timeout = threshold / facts.slowShareOfTimeout;
  return {
    'AWS/Lambda Errors': { calm: 0, worst: 1 },
    'AWS/Lambda Invocations': { calm: 1, worst: 1 },
    'AWS/Lambda Duration': { calm: 0.2 * timeout, worst: timeout },
    'AWS/States ExecutionsStarted': { calm: 1, worst: 1 },
    'AWS/States ExecutionsFailed': { worst: 1 },
    'AWS/States ExecutionsTimedOut': { worst: 1 },
    'AWS/States ExecutionsAborted': { worst: 1 },
    'AWS/S3 OperationsFailedReplication': { calm: 0, worst: 2 },
    'AWS/Events TriggeredRules': { worst: 1 },
    'GoLive BackupHealth': { calm: 0, worst: 2 },
    'GoLive SecretsHealth': { calm: 0, worst: 2 },
    'GoLive DumpNotFingerprinted': { calm: 0, worst: 1 },
    'GoLive HoursSincePathProven': { calm: 24, worst: 200 },
    'GoLive AlertingTest': { calm: 0, worst: 0 },
  };
}
