import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { FailureQueue } from '../shared/failure-queue';
import { platformSettings } from '../shared/platform-settings';
import { DumpJob } from './dump-job';
import { SnapshotJob } from './snapshot-job';
import { Vault } from './vault';

export interface BackupStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
  readonly postgres: Postgres;
}

/** The vault, the jobs that fill it and the snapshots beside it. */
export class BackupStack extends Stack {
  readonly vault: Vault;
  readonly snapshotJob: SnapshotJob;
  readonly dumpJob: DumpJob;

  constructor(scope: Construct, id: string, props: BackupStackProps) {
    super(scope, id, props);
    const { config, vpc, postgres } = props;
    const platform = platformSettings(config);
    this.vault = new Vault(this, 'Vault', {
      platform,
      objectLock: config.backup.objectLock,
      noncurrentVersionDays: config.backup.noncurrentVersionDays,
    });
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'backup' });
    this.snapshotJob = new SnapshotJob(this, 'SnapshotJob', {
      platform,
      postgres,
      failureQueue,
      snapshot: config.backup.snapshot,
    });
    this.dumpJob = new DumpJob(this, 'DumpJob', {
      platform,
      vpc,
      postgres,
      failureQueue,
      vault: this.vault,
      dump: config.backup.dump,
    });
  }
}
