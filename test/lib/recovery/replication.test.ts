import { Match } from 'aws-cdk-lib/assertions';
import { REPLICATED_PREFIXES } from '../../../lib/recovery/replication';
import { configOf, templatesOf } from '../support/synthesis';
import { actionsOf, allowing, recovery, REPLICA, statementsOf } from './prod';

const replicating = () => statementsOf('VaultReplication', templatesOf('prod').Backup);

describe('replication', () => {
  const rules = () =>
    Object.values(templatesOf('prod').Backup.findResources('AWS::S3::Bucket')).flatMap(
      (bucket) =>
        (bucket as { Properties: { ReplicationConfiguration?: { Rules: object[] } } }).Properties
          .ReplicationConfiguration?.Rules ?? [],
    );

  test('is not configured where there is no replica', () => {
    expect(configOf('staging').disasterRecovery).toBeUndefined();
    expect(JSON.stringify(templatesOf('staging').Backup.toJSON())).not.toContain('Replication');
  });

  test('carries what is written below each prefix, within a promised time, under the key of the replica', () => {
    expect(REPLICATED_PREFIXES).toEqual(['dumps/', 'drills/', 'audit/']);
    expect(rules()).toEqual(
      REPLICATED_PREFIXES.map((Prefix, index) => ({
        Id: Prefix.slice(0, -1),
        Status: 'Enabled',
        Priority: index + 1,
        Filter: { Prefix },
        DeleteMarkerReplication: { Status: 'Disabled' },
        SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
        Destination: {
          Bucket: `arn:aws:s3:::${REPLICA}`,
          EncryptionConfiguration: {
            ReplicaKmsKeyID: 'arn:aws:kms:eu-west-1:333333333333:alias/golive-prod-replica',
          },
          ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } },
          Metrics: { Status: 'Enabled', EventThreshold: { Minutes: 15 } },
        },
      })),
    );
  });

  test('never carries a deletion: the role could not', () => {
    expect(actionsOf(replicating())).toEqual([
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      's3:GetObjectLegalHold',
      's3:GetObjectRetention',
      's3:GetObjectVersionAcl',
      's3:GetObjectVersionForReplication',
      's3:GetObjectVersionTagging',
      's3:GetReplicationConfiguration',
      's3:ListBucket',
      's3:ReplicateObject',
      's3:ReplicateTags',
    ]);
  });

  test('writes to the replica alone, below the prefixes', () => {
    expect(allowing(replicating(), 's3:ReplicateObject').map(({ Resource }) => Resource)).toEqual([
      ['audit', 'drills', 'dumps'].map((prefix) => `arn:aws:s3:::${REPLICA}/${prefix}/*`),
    ]);
  });

  test('uses each key through S3 in its region and for its bucket alone', () => {
    expect(allowing(replicating(), 'kms:Decrypt').map(({ Condition }) => Condition)).toEqual([
      expect.objectContaining({ StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } }),
    ]);
    expect(allowing(replicating(), 'kms:Encrypt')).toEqual([
      expect.objectContaining({
        Resource: 'arn:aws:kms:eu-west-1:333333333333:key/*',
        Condition: {
          StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
          StringLike: {
            'kms:EncryptionContext:aws:s3:arn': [`arn:aws:s3:::${REPLICA}`, `arn:aws:s3:::${REPLICA}/*`],
          },
          'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/golive-prod-replica' },
        },
      }),
    ]);
  });

  test('is done by S3 for this account only', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 's3.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': '333333333333' } },
          },
        ],
      },
    });
  });

  test('that failed is an alarm in the region of the vault, and silence does not end it', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('#recovery-replication-failed$'),
      TreatMissingData: 'ignore',
      Threshold: 1,
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: {
            Stat: 'Sum',
            Metric: {
              Namespace: 'AWS/S3',
              MetricName: 'OperationsFailedReplication',
              Dimensions: [
                { Name: 'DestinationBucket', Value: REPLICA },
                { Name: 'RuleId', Value: 'dumps' },
                { Name: 'SourceBucket', Value: { Ref: Match.stringLikeRegexp('^VaultBucket') } },
              ],
            },
          },
        }),
      ]),
    });
  });

  test('that is late is an alarm in the region of the replica', () => {
    recovery().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('#recovery-replication-late$'),
      TreatMissingData: 'notBreaching',
      Threshold: 3600,
      Metrics: [
        Match.objectLike({
          Expression: Match.stringLikeRegexp(
            `^SELECT MAX\\(ReplicationLatency\\) FROM SCHEMA\\("AWS/S3", .*WHERE DestinationBucket = '${REPLICA}'$`,
          ),
        }),
      ],
    });
  });
});
