import type {
  DBInstance,
  ModifyDBInstanceMessage,
  RestoreDBInstanceToPointInTimeMessage,
  Tag,
} from '@aws-sdk/client-rds';

export const LIVE = 'golive-prod';
export const RESOURCE_ID = 'db-LIVE';
export const SNAPSHOT = 'golive-prod-20261123t020000z';
/** Given back by RDS for a default group; ours is another one. */
export const OWN_TAGS: Tag[] = [
  { Key: 'golive:environment', Value: 'prod' },
  { Key: 'aws:cloudformation:stack-name', Value: 'prod-Database' },
];

/** As the templates deploy it: nothing of it is RDS's default. */
export function liveInstance(): DBInstance {
  return {
    DBInstanceClass: 'db.r8g.large',
    Engine: 'postgres',
    EngineVersion: '17.6',
    MasterUsername: 'golive_admin',
    MultiAZ: true,
    DBSubnetGroup: { DBSubnetGroupName: 'isolated' },
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-database', Status: 'active' }],
    DBParameterGroups: [{ DBParameterGroupName: 'tls-only', ParameterApplyStatus: 'in-sync' }],
    OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-17', Status: 'in-sync' }],
    PubliclyAccessible: false,
    NetworkType: 'IPV4',
    StorageType: 'gp3',
    AllocatedStorage: 100,
    MaxAllocatedStorage: 1000,
    Iops: 3000,
    StorageThroughput: 125,
    StorageEncrypted: true,
    KmsKeyId: 'key-storage',
    DeletionProtection: true,
    IAMDatabaseAuthenticationEnabled: true,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
    PerformanceInsightsEnabled: true,
    PerformanceInsightsKMSKeyId: 'key-insights',
    PerformanceInsightsRetentionPeriod: 465,
    MonitoringInterval: 60,
    MonitoringRoleArn: 'role-monitoring',
    BackupRetentionPeriod: 35,
    PreferredBackupWindow: '00:00-01:00',
    PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
    CopyTagsToSnapshot: true,
    AutoMinorVersionUpgrade: true,
    TagList: [...OWN_TAGS],
  };
}

/** What a restore gives to whom it is told nothing. */
export const DEFAULTS: DBInstance = {
  MultiAZ: false,
  DBSubnetGroup: { DBSubnetGroupName: 'default' },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-default', Status: 'active' }],
  DBParameterGroups: [{ DBParameterGroupName: 'default.postgres17', ParameterApplyStatus: 'in-sync' }],
  OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-17', Status: 'in-sync' }],
  PubliclyAccessible: false,
  NetworkType: 'IPV4',
  DeletionProtection: false,
  IAMDatabaseAuthenticationEnabled: false,
  CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  PerformanceInsightsEnabled: false,
  MonitoringInterval: 0,
  BackupRetentionPeriod: 1,
  PreferredBackupWindow: '05:00-05:30',
  PreferredMaintenanceWindow: 'tue:07:00-tue:07:30',
  CopyTagsToSnapshot: false,
  AutoMinorVersionUpgrade: true,
};

/** The parameters of a restore or modification, as an instance shows them. */
export function shownAs(
  input: Partial<ModifyDBInstanceMessage & RestoreDBInstanceToPointInTimeMessage>,
  ignored: ReadonlySet<string>,
): DBInstance {
  const kept = Object.fromEntries(
    Object.entries(input).filter(([name, value]) => value !== undefined && !ignored.has(name)),
  ) as typeof input;
  const plain = [
    'DBInstanceClass',
    'MultiAZ',
    'PubliclyAccessible',
    'NetworkType',
    'StorageType',
    'AllocatedStorage',
    'MaxAllocatedStorage',
    'Iops',
    'StorageThroughput',
    'DeletionProtection',
    'CACertificateIdentifier',
    'BackupRetentionPeriod',
    'PreferredBackupWindow',
    'PreferredMaintenanceWindow',
    'CopyTagsToSnapshot',
    'AutoMinorVersionUpgrade',
    'PerformanceInsightsKMSKeyId',
    'PerformanceInsightsRetentionPeriod',
    'MonitoringInterval',
    'MonitoringRoleArn',
  ] as const;
  const shown: DBInstance = Object.fromEntries(
    plain.filter((name) => name in kept).map((name) => [name, kept[name]]),
  );
  if (kept.DBSubnetGroupName) shown.DBSubnetGroup = { DBSubnetGroupName: kept.DBSubnetGroupName };
  if (kept.VpcSecurityGroupIds) {
    shown.VpcSecurityGroups = kept.VpcSecurityGroupIds.map((id) => ({
      VpcSecurityGroupId: id,
      Status: 'active',
    }));
  }
  if (kept.DBParameterGroupName) {
    shown.DBParameterGroups = [
      { DBParameterGroupName: kept.DBParameterGroupName, ParameterApplyStatus: 'in-sync' },
    ];
  }
  if (kept.EnableIAMDatabaseAuthentication !== undefined) {
    shown.IAMDatabaseAuthenticationEnabled = kept.EnableIAMDatabaseAuthentication;
  }
  if (kept.EnableCloudwatchLogsExports) shown.EnabledCloudwatchLogsExports = kept.EnableCloudwatchLogsExports;
  if (kept.EnablePerformanceInsights !== undefined) {
    shown.PerformanceInsightsEnabled = kept.EnablePerformanceInsights;
  }
  return shown;
}
