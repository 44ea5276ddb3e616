import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { Vault } from '../backup/vault';
import type { EnvironmentConfig } from '../config';
import { declareAlarm } from '../shared/alarm';
import { FailureQueue } from '../shared/failure-queue';
import { type PlatformSettings, platformSettings } from '../shared/platform-settings';
import { sentryDsnOf } from '../shared/sentry-dsn';
import { DumpRetentionJob } from './dump-retention-job';
import { ForwardAlarms } from './forward-alarms';
import type { ReplicaNames } from './replica-names';
import { SnapshotCopiesJob } from './snapshot-copies-job';

export interface RecoveryStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly replica: ReplicaNames;
}

/**
 * In another region, what is left when the first is lost: the vault's replica, copies of the snapshots, and the jobs
 * that prune both. It knows the other stacks by names alone, and none of its jobs needs the vault itself.
 */
export class RecoveryStack extends Stack {
  readonly replica: Vault;
  readonly snapshotCopiesJob: SnapshotCopiesJob;
  readonly dumpRetentionJob: DumpRetentionJob;

  constructor(scope: Construct, id: string, props: RecoveryStackProps) {
    super(scope, id, props);
    const { config, replica: names } = props;
    const { disasterRecovery } = config;
    if (!disasterRecovery) {
      throw new Error(`${config.name} has no disasterRecovery: make no Recovery stack for it`);
    }
    const platform: PlatformSettings = {
      ...platformSettings(config),
      // Here it is a replica, which bears the name of the first and is encrypted with this region's key.
      sentryDsn: config.secrets.replicate ? sentryDsnOf(config, names.keyAlias) : undefined,
    };
    this.replica = new Vault(this, 'Replica', {
      platform,
      names,
      // A replica of locked objects must be able to lock: S3 refuses the rule otherwise.
      objectLock: config.backup.objectLock,
      noncurrentVersionDays: config.backup.noncurrentVersionDays,
    });
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'recovery' });
    this.snapshotCopiesJob = new SnapshotCopiesJob(this, 'SnapshotCopiesJob', {
      platform,
      failureQueue,
      replicaKey: this.replica.key,
      sourceRegion: config.region,
      snapshots: disasterRecovery.snapshots,
    });
    this.dumpRetentionJob = new DumpRetentionJob(this, 'DumpRetentionJob', {
      platform,
      failureQueue,
      replica: this.replica,
      dumps: disasterRecovery.dumps,
      dumpSchedule: config.backup.dump.schedule,
    });
    this.addLateAlarm(names);
    new ForwardAlarms(this, 'ForwardAlarms', { platform, region: config.region, failureQueue });
  }

  /**
   * How far the replica is behind is told in the replica's region, with the vault's name beside it, which is not
   * known here: so it is asked for by the replica's. S3 promises 15 minutes for nearly all; an hour is no hiccup.
   * While nothing waits S3 may say nothing, which is no fault; that nothing arrives at all is asked by the monitor.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
   */
  private addLateAlarm({ bucket }: ReplicaNames): void {
    declareAlarm(this, 'ReplicationLateAlarm', {
      severity: 'warning',
      anchor: 'recovery-replication-late',
      description: 'The replica vault is more than an hour behind.',
      metric: new MathExpression({
        expression: `SELECT MAX(ReplicationLatency) FROM SCHEMA("AWS/S3", DestinationBucket, RuleId, SourceBucket) WHERE DestinationBucket = '${bucket}'`,
        label: 'Seconds that the replica is behind',
        period: Duration.minutes(5),
      }),
      threshold: Duration.hours(1).toSeconds(),
      comparison: '>',
      of: [3, 3],
      missingData: 'notBreaching',
    });
  }
}
