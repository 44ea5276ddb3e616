import type { DBInstance } from '@aws-sdk/client-rds';
import {
  described,
  differences,
  modificationFor,
  restoreParameters,
  settingsOf,
  wantedSettings,
} from '../../../../../core/backup/restore/instance/configuration';
import { instanceName } from '../../../../../core/backup/restore/instance/mark';
import type { InstanceSettings, SettingName } from '../../../../../core/backup/restore/instance/settings';
import { DEFAULTS, liveInstance } from './live-instance';

const LIVE_SETTINGS = settingsOf({ ...liveInstance(), Endpoint: { Address: 'x', Port: 5432 } });

/** What is different, and what is done about it. */
function compare(wanted: InstanceSettings, actual: DBInstance) {
  const found = differences(wanted, actual);
  return { names: found.map(({ setting }) => setting), modification: modificationFor(found, wanted, actual) };
}

describe('what RDS gives by default', () => {
  const restored = { ...liveInstance(), ...DEFAULTS, EnabledCloudwatchLogsExports: [], TagList: [] };

  test('is found different in each setting that is ours', () => {
    expect(compare(LIVE_SETTINGS, { ...restored, Endpoint: { Port: 5433 } }).names.sort()).toEqual(
      [
        'backupRetentionDays',
        'backupWindow',
        'copyTagsToSnapshot',
        'deletionProtection',
        'iamAuthentication',
        'logExports',
        'maintenanceWindow',
        'monitoringIntervalSeconds',
        'multiAz',
        'parameterGroup',
        'performanceInsights',
        'port',
        'securityGroups',
        'subnetGroup',
        'tags',
      ].sort(),
    );
  });

  test('is changed in one modification, but for what cannot be changed', () => {
    const { modification } = compare(LIVE_SETTINGS, restored);
    expect(modification).toMatchObject({
      MultiAZ: true,
      VpcSecurityGroupIds: ['sg-database'],
      DBParameterGroupName: 'tls-only',
      DeletionProtection: true,
      EnableIAMDatabaseAuthentication: true,
      CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql', 'upgrade'], DisableLogTypes: [] },
      EnablePerformanceInsights: true,
      PerformanceInsightsKMSKeyId: 'key-insights',
      PerformanceInsightsRetentionPeriod: 465,
      MonitoringInterval: 60,
      MonitoringRoleArn: 'role-monitoring',
      BackupRetentionPeriod: 35,
      PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
    });
    expect(modification).not.toHaveProperty('DBSubnetGroupName');
  });
});

test.each<[SettingName, DBInstance]>([
  ['kmsKeyId', { KmsKeyId: 'another' }],
  ['subnetGroup', { DBSubnetGroup: { DBSubnetGroupName: 'public' } }],
  ['associatedRoles', { AssociatedRoles: [{ FeatureName: 's3Import', RoleArn: 'role' }] }],
])('%s that differs is named, and nothing is tried', (name, actual) => {
  const compared = compare(LIVE_SETTINGS, { ...liveInstance(), Endpoint: { Port: 5432 }, ...actual });
  expect(compared).toEqual({ names: [name], modification: undefined });
});

test.each<[string, InstanceSettings, DBInstance, object]>([
  [
    'gp3 of 400 GiB has its performance with its size',
    { storageType: 'gp3', allocatedStorageGiB: 400, iops: 12_000 },
    { StorageType: 'gp3', AllocatedStorage: 400, Iops: 3000 },
    { Iops: 12_000, AllocatedStorage: 400 },
  ],
  [
    'storage that does not grow',
    { maxAllocatedStorageGiB: null },
    { AllocatedStorage: 50, MaxAllocatedStorage: 100 },
    { MaxAllocatedStorage: 50 },
  ],
  [
    'a log that is not exported any more',
    { logExports: ['postgresql'] },
    { EnabledCloudwatchLogsExports: ['upgrade'] },
    { CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql'], DisableLogTypes: ['upgrade'] } },
  ],
  [
    'insights that are off',
    { performanceInsights: false },
    { PerformanceInsightsEnabled: true },
    { EnablePerformanceInsights: false },
  ],
  ['another port', { port: 5433 }, { Endpoint: { Port: 5432 } }, { DBPortNumber: 5433 }],
])('%s', (_what, wanted, actual, modification) => {
  expect(compare(wanted, actual).modification).toEqual(modification);
});

test('io2 is told its IOPS with the restore, and gp3 of 399 GiB is not', () => {
  const storage = { iops: 5000, storageThroughput: 250 };
  expect(restoreParameters({ ...storage, storageType: 'io2' })).toMatchObject({ Iops: 5000 });
  expect(restoreParameters({ ...storage, storageType: 'gp3', allocatedStorageGiB: 399 })).not.toHaveProperty(
    'Iops',
  );
  expect(restoreParameters({ ...storage, storageType: 'gp3', allocatedStorageGiB: 400 })).toMatchObject({
    Iops: 5000,
    StorageThroughput: 250,
  });
});

test('storage may be larger than wanted, and the backup decides when it is', () => {
  expect(compare({ allocatedStorageGiB: 100 }, { AllocatedStorage: 120 }).names).toEqual([]);
  expect(compare({ allocatedStorageGiB: 100 }, { AllocatedStorage: 99 }).names).toEqual([
    'allocatedStorageGiB',
  ]);
  expect(wantedSettings(liveInstance(), { AllocatedStorage: 300 })).toMatchObject({
    allocatedStorageGiB: 300,
  });
});

test('groups may come in any order', () => {
  const groups = (...ids: string[]) => ({ VpcSecurityGroups: ids.map((id) => ({ VpcSecurityGroupId: id })) });
  expect(compare({ securityGroups: ['sg-b', 'sg-a'] }, groups('sg-a', 'sg-b')).names).toEqual([]);
  expect(compare({ securityGroups: ['sg-b', 'sg-a'] }, groups('sg-a')).names).toEqual(['securityGroups']);
});

test('what is attached and not in force is a difference', () => {
  const instance = {
    ...liveInstance(),
    Endpoint: { Port: 5432 },
    DBParameterGroups: [{ DBParameterGroupName: 'tls-only', ParameterApplyStatus: 'pending-reboot' }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-database', Status: 'adding' }],
  };
  expect(differences(LIVE_SETTINGS, instance).map(described)).toEqual([
    'parameterGroup (pending-reboot) is "pending-reboot", not "in-sync"',
    'securityGroups (sg-database) (adding) is "adding", not "active"',
  ]);
});

test('a name is cut before its id is, to 63 characters, with no hyphen doubled', () => {
  expect(instanceName('golive-prod', 'restore', '0a1b2c3d')).toBe('golive-prod-restore-0a1b2c3d');
  const long = instanceName(`${'a'.repeat(44)}-${'b'.repeat(18)}`, 'replaced', '0a1b2c3d');
  expect(long).toBe(`${'a'.repeat(44)}-replaced-0a1b2c3d`);
  expect(instanceName('a'.repeat(63), 'restore', '0a1b2c3d')).toHaveLength(63);
});
