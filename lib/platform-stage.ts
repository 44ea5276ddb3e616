import { Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BackupStack } from './backup/backup-stack';
import type { EnvironmentConfig } from './config';
import { DatabaseStack } from './database/database-stack';
import { NetworkStack } from './network/network-stack';

export interface PlatformStageProps {
  readonly config: EnvironmentConfig;
}

/** One environment. It is the only place where stacks meet. */
export class PlatformStage extends Stage {
  readonly network: NetworkStack;
  readonly database: DatabaseStack;
  readonly backup: BackupStack;

  constructor(scope: Construct, { config }: PlatformStageProps) {
    super(scope, config.name, { env: { account: config.account, region: config.region } });
    const { terminationProtection } = config;
    this.network = new NetworkStack(this, 'Network', { config, terminationProtection });
    const { vpc } = this.network;
    this.database = new DatabaseStack(this, 'Database', { config, terminationProtection, vpc });
    const { postgres } = this.database;
    this.backup = new BackupStack(this, 'Backup', { config, terminationProtection, vpc, postgres });
    Tags.of(this).add('golive:environment', config.name);
  }
}
