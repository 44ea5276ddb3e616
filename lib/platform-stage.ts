import { Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AlertingStack } from './alerting/alerting-stack';
import { BackupStack } from './backup/backup-stack';
import type { EnvironmentConfig } from './config';
import { runbookUrlOf } from './config/runbook-url';
import { DatabaseStack } from './database/database-stack';
import { DeliveryStack } from './delivery/delivery-stack';
import { NetworkStack } from './network/network-stack';
import { RecoveryStack } from './recovery/recovery-stack';
import { type ReplicaNames, replicaNames } from './recovery/replica-names';
import { SecretsStack } from './secrets/secrets-stack';
import { ServicesStack } from './services/services-stack';
import { declaredAlarmsIn, readRunbookAt } from './shared/alarm';
import { scheduledJobsOf } from './shared/scheduled-jobs';

export interface PlatformStageProps {
  readonly config: EnvironmentConfig;
}

/** aws-cdk-lib would tag them, and cfn-lint says that CloudFormation does not. Nobody looks for them by a tag. */
const UNTAGGED = [
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::CloudWatch::Dashboard',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
];

/** One environment. It is the only place where stacks meet. */
export class PlatformStage extends Stage {
  readonly network: NetworkStack;
  readonly database: DatabaseStack;
  readonly secrets: SecretsStack;
  readonly backup: BackupStack;
  readonly services: ServicesStack;
  readonly alerting: AlertingStack;
  /** In the disaster recovery region, where the configuration names one. */
  readonly recovery: RecoveryStack | undefined;
  /** Where the configuration names a repository that delivers it. */
  readonly delivery: DeliveryStack | undefined;

  constructor(scope: Construct, { config }: PlatformStageProps) {
    super(scope, config.name, { env: { account: config.account, region: config.region } });
    const { terminationProtection } = config;
    const runbookUrl = runbookUrlOf(config);
    if (runbookUrl !== undefined) readRunbookAt(this, runbookUrl);
    this.network = new NetworkStack(this, 'Network', { config, terminationProtection });
    const { vpc } = this.network;
    this.database = new DatabaseStack(this, 'Database', { config, terminationProtection, vpc });
    const { postgres, cache } = this.database;
    const replica = replicaNames(config);
    this.recovery = replica && this.makeRecovery(config, replica);
    this.secrets = new SecretsStack(this, 'Secrets', {
      config,
      terminationProtection,
      vpc,
      postgres,
      cache,
      replica,
    });
    this.backup = new BackupStack(this, 'Backup', {
      config,
      terminationProtection,
      vpc,
      postgres,
      replica,
      secrets: this.secrets.secrets,
      rotations: this.secrets.rotations,
    });
    this.delivery =
      config.delivery &&
      new DeliveryStack(this, 'Delivery', { config, delivery: config.delivery, terminationProtection });
    this.services = new ServicesStack(this, 'Services', {
      config,
      terminationProtection,
      vpc,
      postgres,
      cache,
      secrets: this.secrets.secrets,
    });
    // It knows alarms by their names, so no stack waits for it.
    this.alerting = new AlertingStack(this, 'Alerting', {
      config,
      terminationProtection,
      pagerDutySecretArn: this.secrets.secrets.pagerDuty.secretArn,
      rotatedArns: this.secrets.rotatedArns,
    });
    // S3 refuses a replication rule whose destination is not there, and Secrets Manager a replica without its key.
    // Nothing else passes between the regions: values do not cross them, so all know the replica by its name.
    if (this.recovery) {
      this.secrets.addStackDependency(this.recovery);
      this.backup.addStackDependency(this.recovery);
    }
    // Last, when every schedule and every alarm of the environment is there.
    if (config.sentryRules) this.alerting.addSentryRules(config.sentryRules, scheduledJobsOf(this));
    if (config.alerting.dashboards) {
      this.alerting.addDashboards(declaredAlarmsIn(this), this.services.edge.loadBalancer);
    }
    Tags.of(this).add('golive:environment', config.name, { excludeResourceTypes: UNTAGGED });
  }

  private makeRecovery(config: EnvironmentConfig, replica: ReplicaNames): RecoveryStack {
    const { terminationProtection } = config;
    const env = { account: replica.account, region: replica.region };
    return new RecoveryStack(this, 'Recovery', { config, replica, terminationProtection, env });
  }
}
