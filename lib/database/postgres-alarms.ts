import { Duration } from 'aws-cdk-lib';
import { type Alarm, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseInstance } from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { maxConnections } from '../config/connection-budget';
import { GIB, instanceClassOf } from '../config/instance-class';
import { type AlarmDeclaration, declareAlarm, declareCompositeAlarm } from '../shared/alarm';

export interface PostgresAlarmsProps {
  readonly instance: IDatabaseInstance;
  readonly database: EnvironmentConfig['database'];
  readonly limits: EnvironmentConfig['alarms']['database'];
}

const MINUTE = Duration.minutes(1);

type Ours = Omit<AlarmDeclaration, 'severity' | 'missingData' | 'metric'> &
  Partial<Pick<AlarmDeclaration, 'missingData'>> & {
    readonly metricName: string;
    readonly options: MetricOptions;
  };

/**
 * What RDS says of the instance: latency in seconds, memory and storage in bytes. That RDS says nothing at all is told by
 * one of them, the processors'; were it told by each, a restart would be a page.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
 */
export function alarmPostgres(scope: Construct, props: PostgresAlarmsProps): void {
  const declare = (id: string, { metricName, options, ...declaration }: Ours): Alarm =>
    declareAlarm(scope, id, {
      severity: 'warning',
      missingData: 'notBreaching',
      metric: props.instance.metric(metricName, options),
      ...declaration,
    });
  alarmWork(declare, props);
  const pages = [...alarmRoom(declare, props), ...alarmEndings(declare, props)];
  declareCompositeAlarm(scope, 'UnwellAlarm', {
    severity: 'critical',
    anchor: 'database-unwell',
    description: 'The database takes no more writes or connections, or soon will not.',
    anyOf: pages,
  });
}

type Declare = (id: string, declaration: Ours) => Alarm;

/** More to do than it can: people wait. */
function alarmWork(declare: Declare, { database, limits }: PostgresAlarmsProps): void {
  const { processors, isBurstable } = instanceClassOf(database.instanceClass);
  const everyMinute = { period: MINUTE, statistic: Stats.AVERAGE };
  declare('CpuAlarm', {
    anchor: 'database-cpu-exhausted',
    description: `The database uses more than ${limits.cpuPercent} % of its processors, or RDS says nothing of it.`,
    metricName: 'CPUUtilization',
    options: everyMinute,
    threshold: limits.cpuPercent,
    comparison: '>',
    of: [5, 5],
    missingData: 'breaching',
  });
  declare('LoadAlarm', {
    anchor: 'database-overloaded',
    description: `More than ${limits.loadPerProcessor * processors} sessions of the database work or wait at a time.`,
    metricName: 'DBLoad',
    options: everyMinute,
    threshold: limits.loadPerProcessor * processors,
    comparison: '>',
    of: [15, 15],
  });
  for (const direction of ['Read', 'Write'] as const) {
    const seconds = { Read: limits.readLatencySeconds, Write: limits.writeLatencySeconds }[direction];
    const verb = direction.toLowerCase();
    declare(`${direction}LatencyAlarm`, {
      anchor: 'database-disk-slow',
      subject: verb,
      description: `One in ten of the database's disk ${verb}s takes more than ${seconds} seconds.`,
      metricName: `${direction}Latency`,
      options: { period: MINUTE, statistic: Stats.percentile(90) },
      threshold: seconds,
      comparison: '>',
      of: [5, 5],
    });
  }
  if (!isBurstable) return;
  declare('CpuCreditsAlarm', {
    anchor: 'database-credits-low',
    description: `The database has saved up fewer than ${limits.cpuCredits} processor credits.`,
    metricName: 'CPUCreditBalance',
    // Told every five minutes.
    options: { period: Duration.minutes(5), statistic: Stats.MINIMUM },
    threshold: limits.cpuCredits,
    comparison: '<',
    of: [3, 3],
  });
}

/** No room: of memory, which is a warning, and of storage, without which PostgreSQL stops. */
function alarmRoom(declare: Declare, { database, limits }: PostgresAlarmsProps): Alarm[] {
  const { memoryBytes } = instanceClassOf(database.instanceClass);
  const storageBytes = database.storageGiB * GIB;
  declare('MemoryAlarm', {
    anchor: 'database-memory-low',
    description: `The database has less than ${limits.freeableMemoryPercent} % of its memory to spare.`,
    metricName: 'FreeableMemory',
    options: { period: MINUTE, statistic: Stats.AVERAGE },
    threshold: (memoryBytes * limits.freeableMemoryPercent) / 100,
    comparison: '<',
    of: [15, 15],
  });
  const free = { metricName: 'FreeStorageSpace', comparison: '<' } as const;
  declare('StorageLowAlarm', {
    ...free,
    anchor: 'database-storage-low',
    description: `The database has had less than ${limits.freeStorageLowPercent} % of its storage free for half an hour, and RDS has not let it grow.`,
    options: { period: Duration.minutes(5), statistic: Stats.MINIMUM },
    threshold: (storageBytes * limits.freeStorageLowPercent) / 100,
    of: [6, 6],
  });
  return [
    declare('StorageFullAlarm', {
      ...free,
      anchor: 'database-storage-full',
      description: `The database has less than ${limits.freeStorageFullPercent} % of its storage free.`,
      options: { period: MINUTE, statistic: Stats.MINIMUM },
      threshold: (storageBytes * limits.freeStorageFullPercent) / 100,
      of: [5, 5],
    }),
  ];
}

/** What ends with PostgreSQL refusing: connections, transaction ids, and the log that a slot holds back. */
function alarmEndings(declare: Declare, { database, limits }: PostgresAlarmsProps): Alarm[] {
  if (limits.replicationSlotLagBytes !== undefined) {
    declare('ReplicationSlotAlarm', {
      anchor: 'database-slot-lagging',
      description: `A replication slot holds back more than ${limits.replicationSlotLagBytes} bytes of the database's log.`,
      metricName: 'OldestReplicationSlotLag',
      options: { period: MINUTE, statistic: Stats.MAXIMUM },
      threshold: limits.replicationSlotLagBytes,
      comparison: '>',
      of: [3, 3],
    });
  }
  const connections = Math.floor((maxConnections(database.instanceClass) * limits.connectionsPercent) / 100);
  return [
    declare('ConnectionsAlarm', {
      anchor: 'database-connections-exhausted',
      description: `The database has more than ${connections} connections open, ${limits.connectionsPercent} % of what it takes.`,
      metricName: 'DatabaseConnections',
      options: { period: MINUTE, statistic: Stats.MAXIMUM },
      threshold: connections,
      comparison: '>',
      of: [5, 5],
    }),
    declare('TransactionIdsAlarm', {
      anchor: 'database-transaction-ids',
      description: 'The database has not been vacuumed, and will run out of transaction ids.',
      metricName: 'MaximumUsedTransactionIDs',
      options: { period: Duration.minutes(5), statistic: Stats.MAXIMUM },
      threshold: limits.usedTransactionIds,
      comparison: '>',
      of: [1, 1],
      onceIsEnough: 'it falls by a vacuum alone, and never by itself',
    }),
  ];
}
