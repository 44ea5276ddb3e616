import type {
  DBInstance,
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import * as z from 'zod';
import { tagsToKeep } from './mark';

const Text = z.string().min(1);
const Count = z.int().min(0);

/**
 * What an instance is like, besides its data: all that a restore would otherwise leave to RDS's defaults (one zone,
 * the default groups, no protection). A setting is absent when nobody said what it is; then it is left alone.
 */
export const InstanceSettings = z
  .strictObject({
    instanceClass: Text,
    multiAz: z.boolean(),
    subnetGroup: Text,
    securityGroups: z.array(Text).min(1),
    parameterGroup: Text,
    optionGroup: Text,
    publiclyAccessible: z.boolean(),
    networkType: Text,
    port: Count,
    storageType: Text,
    allocatedStorageGiB: Count,
    /** Null: the storage does not grow by itself. */
    maxAllocatedStorageGiB: Count.nullable(),
    iops: Count,
    /** MiB/s, of gp3. */
    storageThroughput: Count,
    /** Null: not encrypted. A restore takes over the backup's. */
    kmsKeyId: Text.nullable(),
    deletionProtection: z.boolean(),
    iamAuthentication: z.boolean(),
    caCertificate: Text,
    logExports: z.array(Text),
    performanceInsights: z.boolean(),
    performanceInsightsKeyId: Text,
    performanceInsightsRetentionDays: Count,
    databaseInsightsMode: z.enum(['standard', 'advanced']),
    /** Of enhanced monitoring; 0: off. */
    monitoringIntervalSeconds: Count,
    monitoringRoleArn: Text,
    backupRetentionDays: Count.max(35),
    backupWindow: Text,
    maintenanceWindow: Text,
    copyTagsToSnapshot: z.boolean(),
    autoMinorVersionUpgrade: z.boolean(),
    /** Roles for features, as `feature arn`. A restore does not bring them, and we do not give them. */
    associatedRoles: z.array(Text),
    tags: z.record(z.string(), z.string()),
  })
  .partial();

export type InstanceSettings = z.output<typeof InstanceSettings>;
export type SettingName = keyof InstanceSettings;

/** What both ways to restore take. */
export type RestoreParameters = Pick<
  RestoreDBInstanceFromDBSnapshotMessage,
  keyof RestoreDBInstanceFromDBSnapshotMessage & keyof RestoreDBInstanceToPointInTimeMessage
>;

export type Modification = Omit<ModifyDBInstanceMessage, 'DBInstanceIdentifier'>;

/** One setting: where RDS shows it, and how it is given. */
export interface Setting<Value> {
  readonly read: (instance: DBInstance) => Value | undefined;
  /** As the restore takes it; absent where it takes it not. */
  readonly restore?: (value: Value, all: InstanceSettings) => Partial<RestoreParameters>;
  /** As a modification takes it; absent where it can't be changed any more. */
  readonly modify?: (value: Value, all: InstanceSettings, actual: InstanceSettings) => Modification;
  /** @default deep equality */
  readonly isAsWanted?: (wanted: Value, actual: Value | undefined) => boolean;
}

type Table = {
  readonly [Name in SettingName]-?: Setting<NonNullable<InstanceSettings[Name]> | NullIn<Name>>;
};
type NullIn<Name extends SettingName> = null extends InstanceSettings[Name] ? null : never;

/** With less, gp3 has its base performance and refuses to be told any. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage */
const GP3_TUNABLE_FROM_GIB = 400;

/** Whether the storage's performance is ours to say. */
function isTunable({ storageType = '', allocatedStorageGiB = 0 }: InstanceSettings): boolean {
  return (
    storageType.startsWith('io') || (storageType === 'gp3' && allocatedStorageGiB >= GP3_TUNABLE_FROM_GIB)
  );
}

export const SETTINGS: Table = {
  instanceClass: {
    read: ({ DBInstanceClass }) => DBInstanceClass,
    ...both((DBInstanceClass) => ({ DBInstanceClass })),
  },
  multiAz: { read: ({ MultiAZ }) => MultiAZ, ...both((MultiAZ) => ({ MultiAZ })) },
  subnetGroup: {
    read: ({ DBSubnetGroup }) => DBSubnetGroup?.DBSubnetGroupName,
    restore: (DBSubnetGroupName) => ({ DBSubnetGroupName }),
  },
  securityGroups: {
    read: ({ VpcSecurityGroups }) =>
      VpcSecurityGroups && namesOf(VpcSecurityGroups.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId)),
    ...both((VpcSecurityGroupIds) => ({ VpcSecurityGroupIds })),
  },
  parameterGroup: {
    read: ({ DBParameterGroups }) => DBParameterGroups?.[0]?.DBParameterGroupName,
    ...both((DBParameterGroupName) => ({ DBParameterGroupName })),
  },
  optionGroup: {
    read: ({ OptionGroupMemberships }) => OptionGroupMemberships?.[0]?.OptionGroupName,
    // The default group of its version comes by itself.
    ...both((OptionGroupName) => (OptionGroupName.startsWith('default:') ? {} : { OptionGroupName })),
  },
  publiclyAccessible: {
    read: ({ PubliclyAccessible }) => PubliclyAccessible,
    ...both((PubliclyAccessible) => ({ PubliclyAccessible })),
  },
  networkType: { read: ({ NetworkType }) => NetworkType, ...both((NetworkType) => ({ NetworkType })) },
  port: {
    read: ({ Endpoint }) => Endpoint?.Port,
    restore: (Port) => ({ Port }),
    modify: (DBPortNumber) => ({ DBPortNumber }),
  },
  storageType: {
    read: ({ StorageType }) => StorageType,
    ...both((StorageType) => ({ StorageType })),
  },
  allocatedStorageGiB: {
    read: ({ AllocatedStorage }) => AllocatedStorage,
    ...both((AllocatedStorage) => ({ AllocatedStorage })),
    // Storage never shrinks, and a backup may be of a larger volume.
    isAsWanted: (wanted, actual = 0) => actual >= wanted,
  },
  maxAllocatedStorageGiB: {
    read: ({ MaxAllocatedStorage = null }) => MaxAllocatedStorage,
    // Not above what is allocated: it does not grow.
    modify: (value, _all, actual) => ({
      ...optional('MaxAllocatedStorage', value ?? actual.allocatedStorageGiB),
    }),
  },
  iops: {
    read: ({ Iops }) => Iops,
    restore: (Iops, all) => (isTunable(all) ? { Iops } : {}),
    // RDS wants them in one modification with the storage that they are of.
    modify: (Iops, all) =>
      isTunable(all) ? { Iops, ...optional('AllocatedStorage', all.allocatedStorageGiB) } : {},
  },
  storageThroughput: {
    read: ({ StorageThroughput }) => StorageThroughput,
    restore: (StorageThroughput, all) => (isTunable(all) ? { StorageThroughput } : {}),
    modify: (StorageThroughput, all) =>
      isTunable(all) ? { StorageThroughput, ...optional('AllocatedStorage', all.allocatedStorageGiB) } : {},
  },
  kmsKeyId: { read: ({ KmsKeyId = null }) => KmsKeyId },
  deletionProtection: {
    read: ({ DeletionProtection }) => DeletionProtection,
    // Only once it is there: what RDS gives up half-way could not be deleted otherwise.
    modify: (DeletionProtection) => ({ DeletionProtection }),
  },
  iamAuthentication: {
    read: ({ IAMDatabaseAuthenticationEnabled }) => IAMDatabaseAuthenticationEnabled,
    ...both((EnableIAMDatabaseAuthentication) => ({ EnableIAMDatabaseAuthentication })),
  },
  caCertificate: {
    read: ({ CACertificateIdentifier }) => CACertificateIdentifier,
    ...both((CACertificateIdentifier) => ({ CACertificateIdentifier })),
  },
  logExports: {
    read: ({ EnabledCloudwatchLogsExports = [] }) => namesOf(EnabledCloudwatchLogsExports),
    restore: (EnableCloudwatchLogsExports) => ({ EnableCloudwatchLogsExports }),
    modify: (wanted, _all, { logExports = [] }) => ({
      CloudwatchLogsExportConfiguration: {
        EnableLogTypes: wanted.filter((type) => !logExports.includes(type)),
        DisableLogTypes: logExports.filter((type) => !wanted.includes(type)),
      },
    }),
  },
  performanceInsights: {
    read: ({ PerformanceInsightsEnabled }) => PerformanceInsightsEnabled,
    modify: (on, all) => (on ? insights(all) : { EnablePerformanceInsights: false }),
  },
  performanceInsightsKeyId: {
    read: ({ PerformanceInsightsKMSKeyId }) => PerformanceInsightsKMSKeyId,
    modify: (_, all) => insights(all),
  },
  performanceInsightsRetentionDays: {
    read: ({ PerformanceInsightsRetentionPeriod }) => PerformanceInsightsRetentionPeriod,
    modify: (_, all) => insights(all),
  },
  databaseInsightsMode: {
    read: ({ DatabaseInsightsMode }) => DatabaseInsightsMode,
    modify: (DatabaseInsightsMode, all) => ({
      DatabaseInsightsMode,
      ...(all.performanceInsights && insights(all)),
    }),
  },
  monitoringIntervalSeconds: {
    read: ({ MonitoringInterval }) => MonitoringInterval,
    modify: (_, all) => monitoring(all),
  },
  monitoringRoleArn: {
    read: ({ MonitoringRoleArn }) => MonitoringRoleArn,
    modify: (_, all) => monitoring(all),
  },
  backupRetentionDays: {
    read: ({ BackupRetentionPeriod }) => BackupRetentionPeriod,
    ...both((BackupRetentionPeriod) => ({ BackupRetentionPeriod })),
  },
  backupWindow: {
    read: ({ PreferredBackupWindow }) => PreferredBackupWindow,
    ...both((PreferredBackupWindow) => ({ PreferredBackupWindow })),
  },
  maintenanceWindow: {
    read: ({ PreferredMaintenanceWindow }) => PreferredMaintenanceWindow?.toLowerCase(),
    modify: (PreferredMaintenanceWindow) => ({ PreferredMaintenanceWindow }),
  },
  copyTagsToSnapshot: {
    read: ({ CopyTagsToSnapshot }) => CopyTagsToSnapshot,
    ...both((CopyTagsToSnapshot) => ({ CopyTagsToSnapshot })),
  },
  autoMinorVersionUpgrade: {
    read: ({ AutoMinorVersionUpgrade }) => AutoMinorVersionUpgrade,
    ...both((AutoMinorVersionUpgrade) => ({ AutoMinorVersionUpgrade })),
  },
  associatedRoles: {
    read: ({ AssociatedRoles = [] }) =>
      namesOf(AssociatedRoles.map(({ FeatureName = '', RoleArn = '' }) => `${FeatureName} ${RoleArn}`)),
  },
  // Given with the restore's own tags, and added by a call of their own.
  tags: {
    read: ({ TagList = [] }) => tagsToKeep(TagList),
    isAsWanted: (wanted, actual = {}) =>
      Object.entries(wanted).every(([key, value]) => actual[key] === value),
  },
};

/** RDS gives them in any order. */
function namesOf(names: readonly (string | undefined)[]): string[] {
  return [...names].filter((name) => name !== undefined).sort();
}

/** What is given by the same name to a restore and to a modification. */
function both<Value>(give: (value: Value) => Partial<RestoreParameters> & Modification) {
  return { restore: give, modify: give };
}

function insights(all: InstanceSettings): Modification {
  return {
    EnablePerformanceInsights: true,
    ...optional('PerformanceInsightsKMSKeyId', all.performanceInsightsKeyId),
    ...optional('PerformanceInsightsRetentionPeriod', all.performanceInsightsRetentionDays),
  };
}

function monitoring(all: InstanceSettings): Modification {
  return {
    ...optional('MonitoringInterval', all.monitoringIntervalSeconds),
    ...optional('MonitoringRoleArn', all.monitoringRoleArn),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [key in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [key in Key]: Value });
}
