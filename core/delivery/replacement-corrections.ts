/**
 * Where the specification only says that a change may replace the resource, and CloudFormation's documentation says which.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html ("Update requires")
 */
export const CORRECTIONS: Readonly<Record<string, Readonly<Record<string, 'no' | 'maybe' | 'yes'>>>> = {
  'AWS::RDS::DBInstance': {
    // No or some interruption.
    AutoMinorVersionUpgrade: 'no',
    BackupRetentionPeriod: 'no',
    DBParameterGroupName: 'no',
    MultiAZ: 'no',
    PerformanceInsightsKMSKeyId: 'no',
    PreferredMaintenanceWindow: 'no',
    StorageType: 'no',
    // Replacement. Without the snapshot that it came from, an instance is replaced by an empty one.
    AvailabilityZone: 'yes',
    DBSnapshotIdentifier: 'yes',
    SourceDBInstanceIdentifier: 'yes',
  },
};
