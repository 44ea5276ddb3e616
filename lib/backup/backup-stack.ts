import { Duration, Size, Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import type { Operations } from '../../core/backup/operations';
import type { EnvironmentConfig } from '../config';
import { longestGapMinutes } from '../config/schedule';
import type { Postgres } from '../database/postgres';
import type { ReplicaNames } from '../recovery/replica-names';
import type { PlatformSecrets } from '../secrets/platform-secrets';
import type { Rotations } from '../secrets/rotations';
import { FailureQueue } from '../shared/failure-queue';
import { declarePages } from '../shared/pages';
import { type PlatformSettings, platformSettings } from '../shared/platform-settings';
import { DrillJob } from './drill-job';
import { DumpJob } from './dump-job';
import { MonitorJob } from './monitor-job';
import { OperationsParameter } from './operations-parameter';
import { OperationsTask } from './operations-task';
import { OperatorAccess } from './operator-access';
import { BACKUP_PAGES } from './pages';
import { RetentionJob } from './retention-job';
import { allowRotationRecords } from './rotation-records';
import { SnapshotJob } from './snapshot-job';
import { TaskJob } from './task-job';
import { Vault } from './vault';

export interface BackupStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
  readonly postgres: Postgres;
  readonly secrets: Pick<PlatformSecrets, 'app' | 'backup'>;
  /** Whose records go into the vault, too. */
  readonly rotations: Pick<Rotations, 'roles'>;
  /** The vault's replica in another region. @default none */
  readonly replica?: ReplicaNames | undefined;
}

/** The vault, the jobs that fill it and the snapshots beside it. */
export class BackupStack extends Stack {
  readonly vault: Vault;
  readonly snapshotJob: SnapshotJob;
  readonly dumpJob: DumpJob;
  readonly retentionJob: RetentionJob;
  readonly monitorJob: MonitorJob;
  /** Absent where no task is configured. */
  readonly task: OperationsTask | undefined;
  readonly drillJob: DrillJob | undefined;

  constructor(scope: Construct, id: string, props: BackupStackProps) {
    super(scope, id, props);
    const { config, vpc, postgres, secrets } = props;
    const platform = platformSettings(config);
    this.vault = new Vault(this, 'Vault', {
      platform,
      objectLock: config.backup.objectLock,
      noncurrentVersionDays: config.backup.noncurrentVersionDays,
      replica: props.replica,
    });
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'backup' });
    this.snapshotJob = new SnapshotJob(this, 'SnapshotJob', {
      platform,
      postgres,
      failureQueue,
      vault: this.vault,
      snapshot: config.backup.snapshot,
    });
    const { task: taskConfig, dump } = config.backup;
    const dumpSecret = dump.login === 'backup' ? secrets.backup : undefined;
    this.task =
      taskConfig &&
      new OperationsTask(this, 'OperationsTask', {
        platform,
        vpc,
        postgres,
        vault: this.vault,
        task: taskConfig,
        subnets: dump.subnets,
        appSecret: secrets.app,
        dumpSecret,
      });
    this.dumpJob = new DumpJob(this, 'DumpJob', {
      platform,
      vpc,
      postgres,
      failureQueue,
      vault: this.vault,
      login: dumpSecret ?? postgres.keyedSecret,
      dump,
      task: this.task,
    });
    this.retentionJob = new RetentionJob(this, 'RetentionJob', {
      platform,
      failureQueue,
      vault: this.vault,
      retention: config.backup.retention,
    });
    this.monitorJob = new MonitorJob(this, 'MonitorJob', {
      platform,
      failureQueue,
      vault: this.vault,
      monitor: config.backup.monitor,
      replica: props.replica,
    });
    allowRotationRecords(this, { vault: this.vault, roles: props.rotations.roles });
    if (this.task && config.backup.drill) {
      this.drillJob = new DrillJob(this, 'DrillJob', {
        platform,
        postgres,
        failureQueue,
        task: this.task,
        drill: config.backup.drill,
      });
    }
    declarePages(this, 'backup-unwell', BACKUP_PAGES);
    const onDemand = this.task && this.makeOnDemand(platform, this.task, failureQueue);
    if (onDemand && this.task) {
      new OperatorAccess(this, 'OperatorAccess', {
        platform,
        onDemand,
        vault: this.vault,
        task: this.task,
      });
    }
    new OperationsParameter(this, 'Operations', {
      ...this.operationsOf(config, postgres),
      ...(dumpSecret && { dumpSecretArn: dumpSecret.secretArn }),
      ...(props.replica && {
        offsite: {
          region: props.replica.region,
          bucket: props.replica.bucket,
          lockRequired: config.backup.objectLock !== undefined,
        },
      }),
      ...(onDemand &&
        this.task && {
          task: {
            stateMachineArn: onDemand.stateMachine.stateMachineArn,
            logGroupName: this.task.logGroup.logGroupName,
          },
        }),
    });
  }

  /** For `golive --in-task`: whoever starts it waits for its end, so no alarm does. */
  private makeOnDemand(platform: PlatformSettings, task: OperationsTask, failureQueue: IQueue): TaskJob {
    return new TaskJob(this, 'OnDemand', {
      platform,
      task,
      failureQueue,
      label: 'backup-operations',
      command: ['--help'],
      timeout: Duration.hours(12),
      isWatched: false,
    });
  }

  private operationsOf(
    { name, backup, disasterRecovery }: EnvironmentConfig,
    postgres: Postgres,
  ): z.input<typeof Operations> {
    const { connections, maxTableGiB } = backup.dump.fingerprint;
    return {
      operationsVersion: 2,
      environment: name,
      vaultBucket: this.vault.bucket.bucketName,
      instanceIdentifier: postgres.instanceIdentifier,
      dbiResourceId: postgres.resourceId,
      databaseName: postgres.databaseName,
      databaseSecretArn: postgres.secret.secretArn,
      dumpExpectedEveryHours: longestGapMinutes(backup.dump.schedule) / 60 + DUMP_GRACE_HOURS,
      fingerprint: {
        connections,
        ...(maxTableGiB !== undefined && { maxTableBytes: Size.gibibytes(maxTableGiB).toBytes() }),
      },
      retention: backup.retention.policy,
      health: {
        ...backup.monitor.limits,
        drillRequired: backup.drill !== undefined,
        offsiteRequired: disasterRecovery !== undefined,
        ...(backup.drill && { recoveryTimeObjectiveSeconds: backup.drill.objectiveMinutes * 60 }),
      },
      smoke: backup.drill?.smoke ?? [],
    };
  }
}

/** A late start, and a task's hours. */
const DUMP_GRACE_HOURS = 4;
