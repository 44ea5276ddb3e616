import { ENVIRONMENT_NAMES } from '../../lib/config';
import { routedSeverities } from '../../lib/config/alerting-rules';
import { HOLDS_DATA } from './support/guards';
import { configOf, makeApp, type StackName, templatesOf } from './support/synthesis';
import { PlatformStage } from '../../lib/platform-stage';

/** Replacing it replaces the instance, and `cdk diff` has missed it (aws-cdk#31426). */
const SUBNET_GROUP = 'AWS::RDS::DBSubnetGroup';

/**
 * The logical ids of everything that holds data. CloudFormation knows a resource by its logical id: a renamed
 * construct is a deleted database and a new, empty one. A change here is a migration, and never a refactoring.
 */
const PINNED: Record<StackName | 'Recovery' | 'Delivery', Record<string, string>> = {
  Network: {
    FlowLogs16C1943A: 'AWS::Logs::LogGroup',
  },
  Database: {
    PostgresInstanceEC667DB9: 'AWS::RDS::DBInstance',
    PostgresInstanceSubnetGroup4C89D258: 'AWS::RDS::DBSubnetGroup',
    PostgresStorageKey2DA5705B: 'AWS::KMS::Key',
    PostgresInsightsKey499F5E60: 'AWS::KMS::Key',
    PostgresCredentialsKeyEAB0AA93: 'AWS::KMS::Key',
    PostgresCredentialsC959EEB4: 'AWS::SecretsManager::Secret',
    PostgresLogspostgresqlABB60F71: 'AWS::Logs::LogGroup',
    PostgresLogsupgrade6B2716B8: 'AWS::Logs::LogGroup',
    CacheGroup065C0BC1: 'AWS::ElastiCache::ReplicationGroup',
    CacheKeyCDF9DE27: 'AWS::KMS::Key',
    CacheUserSecret0AA5FB6E: 'AWS::SecretsManager::Secret',
    CacheLogsslowlogA355DEEB: 'AWS::Logs::LogGroup',
    CacheLogsenginelogB43CF6D6: 'AWS::Logs::LogGroup',
  },
  Secrets: {
    Key961B73FD: 'AWS::KMS::Key',
    SecretsAppSecret4BD654E6: 'AWS::SecretsManager::Secret',
    SecretsBackupSecret2B2B77C8: 'AWS::SecretsManager::Secret',
    SecretsJwtSecret73AD46E4: 'AWS::SecretsManager::Secret',
    SecretsDataSecret5C85660B: 'AWS::SecretsManager::Secret',
    SecretsSentryDsnSecret5912A236: 'AWS::SecretsManager::Secret',
    SecretsPagerDutySecret699E5D36: 'AWS::SecretsManager::Secret',
    SecretsSlackSecretE06FD50A: 'AWS::SecretsManager::Secret',
    FailedEventsQueue6627F340: 'AWS::SQS::Queue',
    PickUpJobChangesD4C68790: 'AWS::SQS::Queue',
    RotationAlarmsEventsA3AE3F7E: 'AWS::SQS::Queue',
    DatabaseRolesBootstrapLogs399A0C43: 'AWS::Logs::LogGroup',
    MonitorJobMonitorLogs9A03CC2D: 'AWS::Logs::LogGroup',
    PickUpJobPickUpLogs28E36188: 'AWS::Logs::LogGroup',
    RotationsMasterFunctionLogs3FF5762C: 'AWS::Logs::LogGroup',
    RotationsAppFunctionLogs1866A4F9: 'AWS::Logs::LogGroup',
    RotationsBackupFunctionLogs649FCCA1: 'AWS::Logs::LogGroup',
    RotationsJwtFunctionLogsFB303D3C: 'AWS::Logs::LogGroup',
    RotationsDataFunctionLogsD6C06AF5: 'AWS::Logs::LogGroup',
    RotationsCacheFunctionLogs40ED64CD: 'AWS::Logs::LogGroup',
  },
  Backup: {
    VaultBucket0925C477: 'AWS::S3::Bucket',
    VaultAccessLogsC5E11DDC: 'AWS::S3::Bucket',
    VaultKeyCB88EF1A: 'AWS::KMS::Key',
    FailedEventsQueue6627F340: 'AWS::SQS::Queue',
    DumpJobDumpLogs099F7146: 'AWS::Logs::LogGroup',
    SnapshotJobSnapshotLogs2928B202: 'AWS::Logs::LogGroup',
    MonitorJobMonitorLogs9A03CC2D: 'AWS::Logs::LogGroup',
    RetentionJobRetentionLogsF017B528: 'AWS::Logs::LogGroup',
    DrillJobDrillLogsD6F96BE9: 'AWS::Logs::LogGroup',
    DumpJobTaskLogsE4AA362D: 'AWS::Logs::LogGroup',
    OperationsTaskLogs89FA8F5D: 'AWS::Logs::LogGroup',
    OnDemandLogs91C36A95: 'AWS::Logs::LogGroup',
  },
  Services: {
    EdgeLogsBucketC93C2B2D: 'AWS::S3::Bucket',
    EdgeFirewallLogs79DD2D18: 'AWS::Logs::LogGroup',
    FailedEventsQueue6627F340: 'AWS::SQS::Queue',
    DeploymentFailuresEventsCBF87A0A: 'AWS::SQS::Queue',
    GatewayLogs34792D0F: 'AWS::Logs::LogGroup',
    GatewayCollectorMetricsLogs2FC38AB1: 'AWS::Logs::LogGroup',
    FrontendLogs50918E09: 'AWS::Logs::LogGroup',
    FrontendCollectorMetricsLogs9316D455: 'AWS::Logs::LogGroup',
    MigrationsLogsC23F5A27: 'AWS::Logs::LogGroup',
    MigrationsAnswerUrls5EAD8656: 'AWS::SecretsManager::Secret',
    MigrationsAnswerTellLogsBBA0ED30: 'AWS::Logs::LogGroup',
    MigrationsMachineLogs5A6FEEA6: 'AWS::Logs::LogGroup',
    MigrationsBeginLogsFFEAABF3: 'AWS::Logs::LogGroup',
  },
  Alerting: {
    FailedEventsQueue6627F340: 'AWS::SQS::Queue',
    TopicsKeyF5117125: 'AWS::KMS::Key',
    PathProofLogs132AB242: 'AWS::Logs::LogGroup',
    PathProofHeartbeatLogsF06970C0: 'AWS::Logs::LogGroup',
  },
  Recovery: {
    ReplicaBucket80C984FB: 'AWS::S3::Bucket',
    ReplicaAccessLogs5D187905: 'AWS::S3::Bucket',
    ReplicaKey29E01B67: 'AWS::KMS::Key',
    FailedEventsQueue6627F340: 'AWS::SQS::Queue',
    SnapshotCopiesJobSnapshotCopiesLogs73DE1C6B: 'AWS::Logs::LogGroup',
    DumpRetentionJobDumpRetentionLogsFDB213CB: 'AWS::Logs::LogGroup',
  },
  Delivery: {
    GitHubProviderEF0F7A5D: 'AWS::IAM::OIDCProvider',
    DiffRole1FF9755B: 'AWS::IAM::Role',
    DeployRole885297C3: 'AWS::IAM::Role',
  },
};

describe.each(ENVIRONMENT_NAMES)('%s', (environment) => {
  const stacks = (Object.keys(PINNED) as (keyof typeof PINNED)[]).filter(
    (stack) =>
      (stack !== 'Recovery' || configOf(environment).disasterRecovery) &&
      (stack !== 'Delivery' || configOf(environment).delivery),
  );

  test.each(stacks)('%s keeps the logical ids of what holds data', (stack) => {
    const { Resources } = templatesOf(environment)[stack]?.toJSON() as {
      Resources: Record<string, { Type: string }>;
    };
    const holdsData = Object.entries(Resources)
      .filter(
        ([, { Type }]) =>
          HOLDS_DATA.has(Type) ||
          Type === SUBNET_GROUP ||
          // Without them nothing can be delivered, and whoever replaces them deploys by them.
          (stack === 'Delivery' && Type !== 'AWS::IAM::Policy'),
      )
      .map(([id, { Type }]) => [id, Type]);
    const { network, backup, edge } = configOf(environment);
    const isAnybodyTold = routedSeverities(configOf(environment)).length > 0;
    // Flow logs, tasks and the firewall are there by configuration.
    const pinned = Object.entries(PINNED[stack]).filter(
      ([id]) =>
        (id !== 'FlowLogs16C1943A' || network.flowLogs) &&
        (id !== 'EdgeFirewallLogs79DD2D18' || edge.waf) &&
        (stack !== 'Alerting' || isAnybodyTold) &&
        (!/^(DrillJob|DumpJobTask|OperationsTask|OnDemand)/.test(id) || backup.task),
    );

    expect(Object.fromEntries(holdsData)).toEqual(Object.fromEntries(pinned));
  });

  test('has stacks that are protected as it is configured, under names that deployments use', () => {
    const config = configOf(environment);
    const { network, database, secrets, backup, services, alerting, recovery, delivery } = new PlatformStage(
      makeApp(),
      { config },
    );
    const stacks = [
      network,
      database,
      secrets,
      backup,
      services,
      alerting,
      ...(recovery ? [recovery] : []),
      ...(delivery ? [delivery] : []),
    ];

    for (const stack of stacks) {
      expect(stack.terminationProtection).toBe(config.terminationProtection);
    }
    expect(stacks.map((stack) => stack.stackName)).toEqual([
      `${environment}-Network`,
      `${environment}-Database`,
      `${environment}-Secrets`,
      `${environment}-Backup`,
      `${environment}-Services`,
      `${environment}-Alerting`,
      ...(config.disasterRecovery ? [`${environment}-Recovery`] : []),
      ...(config.delivery ? [`${environment}-Delivery`] : []),
    ]);
    expect(database.node.path).toBe(`${environment}/Database`);
  });
});
