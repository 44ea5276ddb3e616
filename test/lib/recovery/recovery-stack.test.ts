import { Match } from 'aws-cdk-lib/assertions';
import { DumpRetentionEnvironment } from '../../../lambdas/recovery/dump-retention/env';
import { SnapshotCopiesEnvironment } from '../../../lambdas/recovery/snapshot-copies/env';
import { ENVIRONMENT_NAMES } from '../../../lib/config';
import { PlatformStage } from '../../../lib/platform-stage';
import { replicaNames } from '../../../lib/recovery/replica-names';
import { configOf, makeApp, outlineOf, templatesFor, templatesOf } from '../support/synthesis';
import { actionsOf, allowing, recovery, REPLICA, statementsOf } from './prod';

const SOURCE_SNAPSHOTS = 'arn:aws:rds:eu-central-1:333333333333:snapshot:golive-prod-*';
const COPIES = 'arn:aws:rds:eu-west-1:333333333333:snapshot:golive-prod-*';

describe('the Recovery stack', () => {
  test('is there only where a region is configured for it', () => {
    const withRecovery = ENVIRONMENT_NAMES.filter((name) => templatesOf(name).Recovery);

    expect(withRecovery).toEqual(ENVIRONMENT_NAMES.filter((name) => configOf(name).disasterRecovery));
    expect(withRecovery).toContain('prod');
  });

  test('lies in the other region, and is deployed before the stack that replicates to it', () => {
    const { recovery: stack, backup } = new PlatformStage(makeApp(), { config: configOf('prod') });

    expect(stack?.region).toBe('eu-west-1');
    expect(backup.dependencies).toContain(stack);
  });

  test('takes and gives no value across stacks, as none crosses regions', () => {
    expect(JSON.stringify(recovery().toJSON())).not.toContain('Fn::ImportValue');
    expect(recovery().findOutputs('*')).toEqual({});
  });

  test('is the reviewed one', () => {
    expect(outlineOf(recovery())).toMatchSnapshot();
  });
});

describe('the replica vault', () => {
  test("has a name that differs by environment, account and region, and fits in S3's 63 characters", () => {
    const longest = {
      name: 'a-longest-name-1',
      account: '333333333333',
      disasterRecovery: { ...configOf('prod').disasterRecovery!, region: 'ap-southeast-1' },
    };

    expect(replicaNames(configOf('prod'))?.bucket).toBe(REPLICA);
    expect(replicaNames(longest)?.bucket.length).toBeLessThanOrEqual(63);
    expect(replicaNames({ ...longest, disasterRecovery: undefined })).toBeUndefined();
  });

  test('is made like the vault: versioned, locked, private, swept, under a key of its own', () => {
    recovery().hasResourceProperties('AWS::S3::Bucket', {
      BucketName: REPLICA,
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('ReplicaKey'), 'Arn'] },
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
      LoggingConfiguration: { DestinationBucketName: { Ref: Match.stringLikeRegexp('ReplicaAccessLogs') } },
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
          Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 90 } }),
        ],
      },
      // A replica of a replica would chain the two, and a name taken by the lost region's.
      ReplicationConfiguration: Match.absent(),
    });
  });

  test('is reached over TLS only', () => {
    recovery().hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: Match.stringLikeRegexp('^ReplicaBucket') },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test.each(['AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::KMS::Alias'])(
    'stays when its stack goes: %s',
    (type) => {
      const policies = Object.values(recovery().findResources(type)).map(
        (resource) => (resource as { DeletionPolicy?: string }).DeletionPolicy,
      );

      expect(policies.length).toBeGreaterThan(0);
      expect(new Set(policies)).toEqual(new Set(['Retain']));
    },
  );

  test('has a key with the alias that the vault names', () => {
    recovery().hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    recovery().hasResourceProperties('AWS::KMS::Alias', {
      AliasName: 'alias/golive-prod-replica',
      TargetKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ReplicaKey'), 'Arn'] },
    });
  });

  test('is not locked where the vault is not', () => {
    const backup = { ...configOf('prod').backup, objectLock: undefined };
    const { Backup, Recovery } = templatesFor({ ...configOf('prod'), backup });

    for (const template of [Backup, Recovery!]) {
      template.resourcePropertiesCountIs('AWS::S3::Bucket', { ObjectLockEnabled: true }, 0);
    }
    expect(actionsOf(statementsOf('VaultReplication', Backup))).not.toContain('s3:GetObjectRetention');
  });
});

describe('the job that copies snapshots', () => {
  const statements = () => statementsOf('SnapshotCopiesJob');
  const tagged = (kind: string) => ({
    StringEquals: {
      [`aws:${kind}/golive:managed-by`]: 'golive-backup',
      [`aws:${kind}/golive:environment`]: 'prod',
    },
    StringLike: { [`aws:${kind}/golive:copy-of`]: SOURCE_SNAPSHOTS },
  });

  test('makes only copies that say of what, and deletes only those', () => {
    expect(allowing(statements(), 'rds:CopyDBSnapshot')).toEqual([
      { Effect: 'Allow', Action: 'rds:CopyDBSnapshot', Resource: SOURCE_SNAPSHOTS },
      {
        Effect: 'Allow',
        Action: ['rds:AddTagsToResource', 'rds:CopyDBSnapshot'],
        Resource: COPIES,
        Condition: tagged('RequestTag'),
      },
    ]);
    expect(allowing(statements(), 'rds:DeleteDBSnapshot')).toEqual([
      { Effect: 'Allow', Action: 'rds:DeleteDBSnapshot', Resource: COPIES, Condition: tagged('ResourceTag') },
    ]);
  });

  test("uses the database's key and the replica's through RDS alone, each in its region", () => {
    const keys = statements().filter(
      ({ Action, Condition }) =>
        [Action].flat().some((one) => one.startsWith('kms:')) &&
        // The Sentry DSN's, which every function reads.
        Condition?.['StringEquals']?.['kms:ViaService'] !== 'secretsmanager.eu-west-1.amazonaws.com',
    );

    expect(keys.map(({ Condition }) => Condition?.['StringEquals'])).toEqual([
      { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'aws:ResourceTag/golive:environment': 'prod' },
      { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'aws:ResourceTag/golive:environment': 'prod' },
      { 'kms:ViaService': 'rds.eu-west-1.amazonaws.com' },
      { 'kms:ViaService': 'rds.eu-west-1.amazonaws.com' },
    ]);
    expect(allowing(keys, 'kms:CreateGrant').map(({ Condition }) => Condition?.['Bool'])).toEqual([
      { 'kms:GrantIsForAWSResource': 'true' },
      { 'kms:GrantIsForAWSResource': 'true' },
    ]);
  });

  test("finds the database's key by a tag that every key of the Database stack has", () => {
    const keys = Object.values(templatesOf('prod').Database.findResources('AWS::KMS::Key')) as {
      Properties: { Tags: object[] };
    }[];

    expect(keys.length).toBeGreaterThan(0);
    for (const { Properties } of keys) {
      expect(Properties.Tags).toContainEqual({ Key: 'golive:environment', Value: 'prod' });
    }
  });

  test('runs several times a day', () => {
    recovery().hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(30 */2 * * ? *)' });
  });
});

describe("the job that prunes the replica's dumps", () => {
  const statements = () => statementsOf('DumpRetentionJob');

  test('hides and never erases: no version, no lock, nothing but dumps', () => {
    const actions = actionsOf(statements());

    expect(actions.filter((action) => /delete|bypass|Put/i.test(action))).toEqual(
      [
        's3:DeleteObject',
        's3:PutObject',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
        'logs:PutLogEvents',
      ].sort(),
    );
    expect(allowing(statements(), 's3:DeleteObject').map(({ Resource }) => Resource)).toEqual([
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^ReplicaBucket/), 'Arn'] }, '/dumps/*']] },
    ]);
    expect(allowing(statements(), 's3:PutObject').map(({ Resource }) => Resource)).toEqual([
      {
        'Fn::Join': [
          '',
          [
            { 'Fn::GetAtt': [expect.stringMatching(/^ReplicaBucket/), 'Arn'] },
            '/leases/retention/dumps.json',
          ],
        ],
      },
    ]);
  });

  test('needs nothing of the first region', () => {
    expect(JSON.stringify(statements())).not.toContain('eu-central-1');
  });

  test('is told how old the newest dump may be: one of a daily dump may be missed', () => {
    recovery().hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ FRESH_WITHIN_HOURS: '50' }) },
    });
  });
});

test.each([
  ['SnapshotCopiesJob', SnapshotCopiesEnvironment],
  ['DumpRetentionJob', DumpRetentionEnvironment],
])('%s gets what its env.ts asks for', (job, contract) => {
  const [lambda] = Object.entries(recovery().findResources('AWS::Lambda::Function'))
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
