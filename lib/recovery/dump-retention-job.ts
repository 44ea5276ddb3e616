import { Duration, Size } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { leaseKey } from '../../core/backup/lease/record';
import { REPLICA_RETENTION_LEASE } from '../../core/backup/offsite/lease-name';
import { DumpRetentionEnvironment } from '../../lambdas/recovery/dump-retention/env';
import type { Vault } from '../backup/vault';
import type { EnvironmentConfig } from '../config';
import { longestGapMinutes } from '../config/schedule';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';

export interface DumpRetentionJobProps {
  readonly platform: PlatformSettings;
  readonly replica: Vault;
  readonly dumps: NonNullable<EnvironmentConfig['disasterRecovery']>['dumps'];
  /** When dumps are made: it says how old the newest may be. */
  readonly dumpSchedule: EnvironmentConfig['backup']['dump']['schedule'];
  readonly failureQueue: IQueue;
}

/** Prunes the replica vault's dumps on schedule, and holds back when none arrive. */
export class DumpRetentionJob extends Construct {
  readonly function: PlatformFunction<typeof DumpRetentionEnvironment>;

  constructor(scope: Construct, id: string, props: DumpRetentionJobProps) {
    super(scope, id);
    const { platform, replica, dumps, dumpSchedule, failureQueue } = props;
    this.function = new PlatformFunction(this, 'DumpRetention', {
      platform,
      source: { capability: 'recovery', name: 'dump-retention' },
      packaging: 'zip',
      contract: DumpRetentionEnvironment,
      environment: {
        REPLICA_BUCKET: replica.bucket.bucketName,
        RETENTION_POLICY: JSON.stringify(dumps.retention),
        FRESH_WITHIN_HOURS: String(freshWithinHours(dumpSchedule)),
      },
      // Two requests a dump to look and some more to prune, many at a time: minutes for ten thousand.
      timeout: Duration.minutes(15),
      memory: Size.mebibytes(512),
      // What one attempt did not prune the next one does, and a lease keeps two apart.
      asynchronous: { failureQueue, retryAttempts: 2 },
    });
    replica.grantPruneDumps(this.function, leaseKey(REPLICA_RETENTION_LEASE));
    this.function.runOn(dumps.schedule);
  }
}

/** One dump may be missed: the second that is missing is no accident. Two hours are for the dump and its replication. */
function freshWithinHours(dumpSchedule: DumpRetentionJobProps['dumpSchedule']): number {
  return Math.ceil((2 * longestGapMinutes(dumpSchedule)) / 60) + 2;
}
