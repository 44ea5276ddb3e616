import { Match } from 'aws-cdk-lib/assertions';
import { DumpEnvironment } from '../../../lambdas/backup/dump/env';
import { SnapshotEnvironment } from '../../../lambdas/backup/snapshot/env';
import { ENVIRONMENT_NAMES } from '../../../lib/config';
import { configOf, outlineOf, templatesOf } from '../support/synthesis';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** What the role of a job may do. */
function statementsOf(job: 'SnapshotJob' | 'DumpJob'): Statement[] {
  const policies = templatesOf('prod').Backup.findResources('AWS::IAM::Policy');
  return Object.entries(policies)
    .filter(([id]) => id.startsWith(job))
    .flatMap(
      ([, policy]) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
          .Statement,
    );
}

const allowing = (job: 'SnapshotJob' | 'DumpJob', action: string) =>
  statementsOf(job).filter((statement) => [statement.Action].flat().includes(action));

describe('the vault', () => {
  test.each(ENVIRONMENT_NAMES)(
    'of %s is versioned, encrypted, private and swept of half-made uploads',
    (name) => {
      const { noncurrentVersionDays } = configOf(name).backup;

      templatesOf(name).Backup.hasResourceProperties('AWS::S3::Bucket', {
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: {
                SSEAlgorithm: 'aws:kms',
                KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('VaultKey'), 'Arn'] },
              },
            },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LoggingConfiguration: { DestinationBucketName: { Ref: Match.stringLikeRegexp('VaultAccessLogs') } },
        LifecycleConfiguration: {
          Rules: Match.arrayWith([
            Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
            Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: noncurrentVersionDays } }),
          ]),
        },
      });
    },
  );

  test('refuses what does not come over TLS', () => {
    templatesOf('dev').Backup.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: Match.stringLikeRegexp('VaultBucket') },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('of prod is locked, and of dev is not', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
    });
    templatesOf('dev').Backup.resourcePropertiesCountIs('AWS::S3::Bucket', { ObjectLockEnabled: true }, 0);
  });

  test('never lets a current version expire by age: backups would go while new ones fail', () => {
    const buckets = templatesOf('prod').Backup.findResources('AWS::S3::Bucket');
    const vault = Object.entries(buckets).find(([id]) => id.startsWith('VaultBucket'))?.[1];

    expect(JSON.stringify(vault)).not.toContain('ExpirationInDays');
  });
});

describe('the snapshot job', () => {
  test('may make only snapshots that carry its tags, and delete only those', () => {
    const tags = (kind: string) => ({
      StringEquals: {
        [`aws:${kind}/golive:managed-by`]: 'golive-backup',
        [`aws:${kind}/golive:environment`]: 'prod',
      },
    });

    expect(allowing('SnapshotJob', 'rds:CreateDBSnapshot').map((s) => s.Condition)).toEqual([
      tags('RequestTag'),
    ]);
    expect(allowing('SnapshotJob', 'rds:AddTagsToResource').map((s) => s.Condition)).toEqual([
      tags('RequestTag'),
    ]);
    expect(allowing('SnapshotJob', 'rds:DeleteDBSnapshot')).toEqual([
      expect.objectContaining({
        Resource: 'arn:aws:rds:eu-central-1:333333333333:snapshot:golive-prod-*',
        Condition: tags('ResourceTag'),
      }),
    ]);
  });

  test('is tried again when it fails, because the same event means the same snapshot', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^SnapshotJob') },
      MaximumRetryAttempts: 2,
    });
  });

  test('runs on schedule, outside the VPC, with what its contract asks for', () => {
    const { Backup } = templatesOf('prod');

    Backup.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(30 1,7,13,19 * * ? *)' });
    Backup.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      VpcConfig: Match.absent(),
      Environment: {
        Variables: Match.objectLike({
          DATABASE_INSTANCE_IDENTIFIER: 'golive-prod',
          DATABASE_RESOURCE_ID: Match.anyValue(),
          SNAPSHOT_RETENTION_DAYS: '14',
          SNAPSHOT_KEEP_NEWEST: '7',
        }),
      },
    });
  });
});

describe('the dump job', () => {
  test('may not delete anything, anywhere', () => {
    const actions = statementsOf('DumpJob').flatMap((statement) => statement.Action);

    expect(actions.filter((action) => /delete/i.test(action))).toEqual([]);
    expect(actions).not.toContain('s3:*');
  });

  test('reaches objects below dumps/ only, and lists nothing else', () => {
    expect(allowing('DumpJob', 's3:PutObject')).toEqual([
      {
        Action: expect.arrayContaining(['s3:AbortMultipartUpload', 's3:GetObject']) as unknown,
        Effect: 'Allow',
        Resource: {
          'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^VaultBucket/), 'Arn'] }, '/dumps/*']],
        },
      },
    ]);
    expect(allowing('DumpJob', 's3:ListBucket').map((s) => s.Condition)).toEqual([
      { StringLike: { 's3:prefix': 'dumps/*' } },
    ]);
  });

  test('reads one secret, and decrypts it through Secrets Manager only', () => {
    expect(allowing('DumpJob', 'secretsmanager:GetSecretValue')).toHaveLength(1);
    expect(statementsOf('DumpJob').filter((s) => s.Action === 'kms:Decrypt')).toEqual([
      expect.objectContaining({
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } },
      }),
    ]);
  });

  test('is not tried again when it fails', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^DumpJob') },
      MaximumRetryAttempts: 0,
    });
  });

  test('is an image in the VPC, with the longest time Lambda has', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::Lambda::Function', {
      PackageType: 'Image',
      Architectures: ['arm64'],
      Timeout: 900,
      MemorySize: 3008,
      EphemeralStorage: { Size: 512 },
      VpcConfig: Match.anyValue(),
    });
  });

  test('is let into the database by a rule of this stack, on its port', () => {
    templatesOf('prod').Backup.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 5432,
      ToPort: 5432,
      GroupId: { 'Fn::ImportValue': Match.stringLikeRegexp('Postgres') },
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^DumpJob'), 'GroupId'] },
    });
  });
});

describe('contracts', () => {
  test.each([
    ['SnapshotJob', SnapshotEnvironment],
    ['DumpJob', DumpEnvironment],
  ])('%s gets what its env.ts asks for', (job, contract) => {
    const [lambda] = Object.entries(templatesOf('dev').Backup.findResources('AWS::Lambda::Function'))
      .filter(([id]) => id.startsWith(job))
      .map(
        ([, resource]) => resource as { Properties: { Environment: { Variables: Record<string, unknown> } } },
      );
    // A reference is settled at deployment; any text stands for it here.
    const settled = Object.fromEntries(
      Object.entries(lambda?.Properties.Environment.Variables ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : 'settled',
      ]),
    );

    expect(contract.safeParse(settled).error).toBeUndefined();
  });
});

test('what fails for good ends in an encrypted queue, over TLS, and is an alarm', () => {
  const { Backup } = templatesOf('prod');

  Backup.hasResourceProperties('AWS::SQS::Queue', {
    SqsManagedSseEnabled: true,
    MessageRetentionPeriod: 1_209_600,
  });
  Backup.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
  Backup.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'ApproximateNumberOfMessagesVisible',
    AlarmDescription: Match.stringLikeRegexp('docs/runbook.md#backup-failed-events$'),
  });
});

test('the Backup stack is the reviewed one', () => {
  expect(outlineOf(templatesOf('dev').Backup)).toMatchSnapshot();
});
