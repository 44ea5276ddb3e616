import { type Check, dropped, lowered, noLonger, switchedOff, switchedOn } from './property-checks';
import { expiresMore, locksLess, replicatesLess } from './bucket-protections';

const deletionProtection = (path: string) => switchedOff(path, 'would no longer be protected from deletion');

const automatedBackups: Check = lowered(
  'BackupRetentionPeriod',
  (from, to) =>
    `would keep automated backups for ${to} days and not ${from}: the older ones are deleted, and with them the moments to restore to`,
  1,
);

const database: readonly Check[] = [
  deletionProtection('DeletionProtection'),
  automatedBackups,
  switchedOn('DeleteAutomatedBackups', 'would lose its automated backups together with itself', true),
];

const cluster: readonly Check[] = [deletionProtection('DeletionProtection'), automatedBackups];

/** What keeps data where it is, by type: each check says what would be weaker. */
export const PROTECTIONS: Readonly<Record<string, readonly Check[]>> = {
  'AWS::RDS::DBInstance': database,
  'AWS::RDS::DBCluster': cluster,
  'AWS::DocDB::DBCluster': cluster,
  'AWS::Neptune::DBCluster': cluster,
  'AWS::DSQL::Cluster': [deletionProtection('DeletionProtectionEnabled')],
  'AWS::DynamoDB::Table': [
    deletionProtection('DeletionProtectionEnabled'),
    switchedOff(
      'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled',
      'would have no point-in-time recovery: what it recorded is deleted',
    ),
    switchedOn('TimeToLiveSpecification.Enabled', 'would begin to delete items whose time is over'),
  ],
  'AWS::S3::Bucket': [
    noLonger(
      'VersioningConfiguration.Status',
      'Enabled',
      'would no longer keep versions: what is overwritten or deleted is gone',
    ),
    locksLess,
    expiresMore,
    replicatesLess,
  ],
  'AWS::Logs::LogGroup': [
    lowered('RetentionInDays', (from, to) => `would keep logs for ${to} days and not ${from}`, Infinity),
    deletionProtection('DeletionProtectionEnabled'),
  ],
  'AWS::KMS::Key': [
    switchedOff('Enabled', 'would be disabled: nothing that it encrypts can be read', true),
    lowered(
      'PendingWindowInDays',
      (from, to) => `could be called back for ${to} days and not ${from}, once it is deleted`,
      30,
    ),
  ],
  'AWS::ElastiCache::ReplicationGroup': [
    lowered('SnapshotRetentionLimit', (from, to) => `would keep snapshots for ${to} days and not ${from}`, 0),
  ],
  'AWS::SQS::Queue': [
    lowered(
      'MessageRetentionPeriod',
      (from, to) => `would keep messages for ${to} seconds and not ${from}: older ones are deleted`,
      345_600,
    ),
  ],
  'AWS::Kinesis::Stream': [
    lowered('RetentionPeriodHours', (from, to) => `would keep records for ${to} hours and not ${from}`, 24),
  ],
  'AWS::EFS::FileSystem': [noLonger('BackupPolicy.Status', 'ENABLED', 'would no longer be backed up')],
  'AWS::Backup::BackupVault': [dropped('LockConfiguration', 'would no longer be locked')],
  'AWS::Cognito::UserPool': [
    noLonger('DeletionProtection', 'ACTIVE', 'would no longer be protected from deletion'),
  ],
  'AWS::ECR::Repository': [
    (before, after) =>
      JSON.stringify(before['LifecyclePolicy']) === JSON.stringify(after['LifecyclePolicy']) ||
      after['LifecyclePolicy'] === undefined
        ? undefined
        : 'would delete images by another rule: look that none is deployed',
  ],
};
