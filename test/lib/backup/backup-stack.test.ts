import { Match } from 'aws-cdk-lib/assertions';
import { CHECK_NAMES, SEVERITY } from '../../../core/backup/health/report';
import { DumpEnvironment } from '../../../lambdas/backup/dump/env';
import { SnapshotEnvironment } from '../../../lambdas/backup/snapshot/env';
import { ENVIRONMENT_NAMES } from '../../../lib/config';
import { configOf, outlineOf, templatesFor, templatesOf } from '../support/synthesis';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** What the role of a job may do. */
function statementsOf(job: string, { Backup } = templatesOf('prod')): Statement[] {
  const policies = Backup.findResources('AWS::IAM::Policy');
  return Object.entries(policies)
    .filter(([id]) => id.startsWith(job))
    .flatMap(
      ([, policy]) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
          .Statement,
    );
}

const allowing = (job: string, action: string) =>
  statementsOf(job).filter((statement) => [statement.Action].flat().includes(action));

const below = (part: string) => ({
  'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^VaultBucket/), 'Arn'] }, `/${part}*`]],
});

/** Every action of a job, and what it may be done to. */
const deleting = (job: string) =>
  statementsOf(job).filter(({ Action }) => [Action].flat().some((action) => /delete/i.test(action)));

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
    const actions = statementsOf('DumpJobDump').flatMap((statement) => statement.Action);

    expect(actions.filter((action) => /delete/i.test(action))).toEqual([]);
    expect(actions).not.toContain('s3:*');
  });

  test('reaches objects below dumps/ only, and lists nothing else', () => {
    expect(allowing('DumpJobDump', 's3:PutObject').slice(0, 1)).toEqual([
      {
        Action: expect.arrayContaining(['s3:AbortMultipartUpload', 's3:GetObject']) as unknown,
        Effect: 'Allow',
        Resource: {
          'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^VaultBucket/), 'Arn'] }, '/dumps/*']],
        },
      },
    ]);
    expect(allowing('DumpJobDump', 's3:PutObject').slice(1)).toEqual([
      expect.objectContaining({ Action: 's3:PutObject', Resource: below('audit/') }),
    ]);
    expect(allowing('DumpJob', 's3:ListBucket').map((s) => s.Condition)).toEqual([
      { StringLike: { 's3:prefix': 'dumps/*' } },
    ]);
  });

  test('reads its login and the Sentry DSN alone, and decrypts them through Secrets Manager only', () => {
    const readable = allowing('DumpJobDump', 'secretsmanager:GetSecretValue').flatMap((s) => s.Resource);
    const throughSecretsManager = {
      StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' },
    };

    expect(readable).toHaveLength(2);
    expect(readable).toContain(
      'arn:aws:secretsmanager:eu-central-1:333333333333:secret:golive/prod/sentry-dsn-??????',
    );
    expect(
      statementsOf('DumpJobDump')
        .filter((s) => s.Action === 'kms:Decrypt')
        .map((s) => s.Condition),
    ).toEqual([
      {
        ...throughSecretsManager,
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/golive-prod-secrets' },
      },
      throughSecretsManager,
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

describe('who logs in to dump', () => {
  /** The secrets that a role reads, by the names of the values that another stack exports. */
  const readBy = (job: string, templates = templatesOf('prod')) =>
    statementsOf(job, templates)
      .filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'))
      .flatMap(({ Resource }) => [
        ...JSON.stringify(Resource).matchAll(
          /"Fn::ImportValue":"[^"]*(PostgresCredentials|SecretsBackupSecret|SecretsAppSecret)/g,
        ),
      ])
      .map(([, name]) => name)
      .sort();
  const parameterOf = ({ Backup } = templatesOf('prod')) =>
    JSON.stringify(
      Backup.findResources('AWS::SSM::Parameter', { Properties: { Name: '/golive/prod/operations' } }),
    );
  const dumpSecretOf = ({ Backup } = templatesOf('prod')) =>
    Object.entries(Backup.findResources('AWS::Lambda::Function'))
      .filter(([id]) => id.startsWith('DumpJob'))
      .map(([, { Properties }]) => JSON.stringify((Properties as { Environment: object }).Environment))
      .map((variables) => /"DATABASE_SECRET_ARN":\{"Fn::ImportValue":"([^"]+)"/.exec(variables)?.[1]);

  test('is the admin, unless the team says otherwise', () => {
    expect(configOf('prod').backup.dump.login).toBe('admin');
    expect(dumpSecretOf()).toEqual([expect.stringContaining('PostgresCredentials')]);
    expect(readBy('DumpJobDump')).toEqual(['PostgresCredentials']);
    expect(readBy('OperationsTask')).toEqual(['PostgresCredentials', 'SecretsAppSecret']);
    expect(parameterOf()).not.toContain('dumpSecretArn');
  });

  test('is the read-only login where the team says so, and then the function cannot log in as the admin', () => {
    const { backup, ...config } = configOf('prod');
    const templates = templatesFor({
      ...config,
      backup: { ...backup, dump: { ...backup.dump, login: 'backup' } },
    });

    expect(dumpSecretOf(templates)).toEqual([expect.stringContaining('SecretsBackupSecret')]);
    expect(readBy('DumpJobDump', templates)).toEqual(['SecretsBackupSecret']);
    const keys = JSON.stringify(
      statementsOf('DumpJobDump', templates).filter(({ Action }) => Action === 'kms:Decrypt'),
    );
    expect(keys).toMatch(/"Fn::ImportValue":"[^"]*Secrets[^"]*Key/);
    expect(keys).not.toMatch(/"Fn::ImportValue":"[^"]*CredentialsKey/);
    // The task restores and drills as the admin, and dumps as this login.
    expect(readBy('OperationsTask', templates)).toEqual([
      'PostgresCredentials',
      'SecretsAppSecret',
      'SecretsBackupSecret',
    ]);
    expect(parameterOf(templates)).toMatch(/dumpSecretArn.{0,60}ImportValue.{0,60}SecretsBackupSecret/);
  });
});

describe('the records of rotations', () => {
  const [policy] = Object.values(
    templatesOf('prod').Backup.findResources('AWS::IAM::Policy', {
      Properties: { PolicyName: Match.stringLikeRegexp('^RotationRecords') },
    }),
  ) as {
    Properties: { Roles: { 'Fn::ImportValue': string }[]; PolicyDocument: { Statement: Statement[] } };
  }[];

  test('may be written by each function that rotates, by a policy of this stack', () => {
    const roles = policy!.Properties.Roles.map(
      ({ 'Fn::ImportValue': name }) => /Rotations([A-Z][a-z]+)FunctionRole/.exec(name)?.[1],
    );

    expect(roles.sort()).toEqual(['App', 'Backup', 'Cache', 'Data', 'Jwt', 'Master']);
    expect(policy!.Properties.PolicyDocument.Statement).toEqual([
      { Action: 's3:PutObject', Effect: 'Allow', Resource: below('audit/') },
      {
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^VaultKey/), 'Arn'] },
      },
    ]);
  });

  test('leave the Secrets stack without a word of the vault: it is deployed before there is one', () => {
    const secrets = JSON.stringify(templatesOf('prod').Secrets.toJSON());

    expect(secrets).not.toMatch(/prod-?Backup/i);
    expect(secrets.match(/parameter\/golive\/prod\/operations/g)).toHaveLength(6);
  });
});

describe('the retention job', () => {
  test('deletes below dumps/ only, and never a version', () => {
    expect(deleting('RetentionJob').map(({ Resource }) => Resource)).toEqual([below('dumps/')]);
    const actions = statementsOf('RetentionJob').flatMap(({ Action }) => Action);
    expect(actions).not.toContain('s3:DeleteObjectVersion');
    expect(actions).not.toContain('s3:BypassGovernanceRetention');
  });

  test('writes its lease and its records, and no dump', () => {
    const written = JSON.stringify(allowing('RetentionJob', 's3:PutObject').map(({ Resource }) => Resource));
    expect(written).toContain('/leases/retention.json');
    expect(written).toContain('/audit/*');
    expect(written).not.toContain('dumps');
  });
});

describe('the monitor job', () => {
  test('changes nothing but the report', () => {
    expect(deleting('MonitorJob')).toEqual([]);
    expect(allowing('MonitorJob', 's3:PutObject').map(({ Resource }) => Resource)).toEqual([
      below('status/'),
    ]);
  });

  test('runs every hour, and each check has an alarm on its own metric', () => {
    const { Backup } = templatesOf('prod');
    Backup.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(10 * * * ? *)' });
    const alarms = Object.values(
      Backup.findResources('AWS::CloudWatch::Alarm', { Properties: { MetricName: 'BackupHealth' } }),
    ) as { Properties: { Dimensions: { Name: string; Value: string }[]; Threshold: number } }[];
    const dimensions = alarms.map(({ Properties }) =>
      Object.fromEntries(Properties.Dimensions.map(({ Name, Value }) => [Name, Value])),
    );
    expect(dimensions.map(({ check }) => check).sort()).toEqual([...CHECK_NAMES].sort());
    expect(
      dimensions.every(({ service, environment }) => service === 'backup-monitor' && environment === 'prod'),
    ).toBe(true);
    expect(alarms.every(({ Properties }) => Properties.Threshold === SEVERITY.critical)).toBe(true);
  });
});

describe('the operations task', () => {
  test('is the dump function’s image as another program: no root, no writing but to its scratch', () => {
    const { Backup } = templatesOf('prod');
    Backup.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '4096',
      Memory: '16384',
      EphemeralStorage: { SizeInGiB: 200 },
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
      ContainerDefinitions: [
        Match.objectLike({
          EntryPoint: ['node', '/var/task/golive.js'],
          User: '1000:1000',
          ReadonlyRootFilesystem: true,
          LinuxParameters: Match.objectLike({ InitProcessEnabled: true }),
          MountPoints: [{ ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'scratch' }],
        }),
      ],
    });
    const [definition] = Object.values(Backup.findResources('AWS::ECS::TaskDefinition')) as {
      Properties: { ContainerDefinitions: { Image: unknown }[] };
    }[];
    const [image] = Object.values(
      Backup.findResources('AWS::Lambda::Function', { Properties: { PackageType: 'Image' } }),
    ) as { Properties: { Code: { ImageUri: unknown } } }[];
    expect(definition!.Properties.ContainerDefinitions[0]!.Image).toEqual(image!.Properties.Code.ImageUri);
    expect(JSON.stringify(definition).replace('SENTRY_DSN_SECRET_NAME', '')).not.toMatch(/password|secret/i);
  });

  test('deletes nothing in the vault, and of the instances only what restores and drills have made', () => {
    const deletions = deleting('OperationsTask');
    expect(deletions.flatMap(({ Action }) => Action)).toEqual(Array(3).fill('rds:DeleteDBInstance'));
    const names = deletions
      .flatMap(({ Resource }) => Resource as string[] | string)
      .map((arn) => arn.replace(/^.*:(db|snapshot):/, '$1:'));
    expect(names.sort()).toEqual([
      'db:golive-prod-drill-*',
      'db:golive-prod-replaced-*',
      'db:golive-prod-restore-*',
      'snapshot:golive-prod-before-*',
      'snapshot:golive-prod-final-*',
    ]);
    expect(deletions[1]!.Condition).toEqual({
      StringEquals: {
        'aws:ResourceTag/golive:environment': 'prod',
        'aws:ResourceTag/golive:managed-by': 'golive-drill',
      },
    });
  });

  test('is run by state machines in its own cluster only', () => {
    for (const action of ['ecs:RunTask', 'ecs:StopTask']) {
      const statements = allowing('DrillJob', action);
      expect(statements).toHaveLength(1);
      expect(statements[0]!.Condition).toMatchObject({
        ArnEquals: { 'ecs:cluster': expect.anything() as unknown },
      });
    }
    expect(allowing('DrillJob', 'iam:PassRole')[0]!.Condition).toEqual({
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
  });

  test('takes over the dump when the function says so, for the same instant', () => {
    const { Backup } = templatesOf('prod');
    Backup.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        source: ['lambda'],
        detail: { responsePayload: { outcome: ['handed-over'] } },
      }),
      Targets: [
        Match.objectLike({
          InputTransformer: {
            InputPathsMap: { 'detail-responsePayload-scheduledFor': '$.detail.responsePayload.scheduledFor' },
            InputTemplate:
              '{"command":["backup","create","--parallel","--scheduled-for",<detail-responsePayload-scheduledFor>,"--json"]}',
          },
        }),
      ],
    });
    Backup.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^DumpJob') },
      DestinationConfig: Match.objectLike({ OnSuccess: Match.anyValue() }),
    });
  });

  test('tells the cron monitor of its schedule, and is told of Sentry no more than the name of a secret', () => {
    const { Backup } = templatesOf('prod');
    Backup.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(0 5 ? * SAT *)',
      Targets: [
        Match.objectLike({
          Input: '{"command":["--check-in","golive-prod-backup-drill","drill","--json","--snapshot"]}',
        }),
      ],
    });
    Backup.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([{ Name: 'SENTRY_DSN_SECRET_NAME', Value: 'golive/prod/sentry-dsn' }]),
        }),
      ],
    });
    expect(
      allowing('OperationsTask', 'secretsmanager:GetSecretValue').flatMap(({ Resource }) => Resource),
    ).toContain('arn:aws:secretsmanager:eu-central-1:333333333333:secret:golive/prod/sentry-dsn-??????');
    expect(
      allowing('OperationsTask', 'kms:Decrypt').map(
        ({ Condition }) => Condition?.['ForAnyValue:StringEquals']?.['kms:ResourceAliases'],
      ),
    ).toContain('alias/golive-prod-secrets');
  });

  test('tells no monitor of what an operator or another event starts', () => {
    const { Backup } = templatesOf('prod');
    expect(JSON.stringify(Backup.findResources('AWS::StepFunctions::StateMachine'))).not.toContain(
      'check-in',
    );
    const rules = Backup.findResources('AWS::Events::Rule') as Record<
      string,
      { Properties: { ScheduleExpression?: string } }
    >;
    const others = Object.values(rules).filter(
      ({ Properties }) => Properties.ScheduleExpression === undefined,
    );
    expect(others.length).toBeGreaterThan(0);
    expect(JSON.stringify(others)).not.toContain('check-in');
  });

  test('tells nobody, and may not read the DSN, where there are no cron monitors', () => {
    const { Backup } = templatesOf('staging');
    Backup.hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ Input: '{"command":["drill","--json"]}' })],
    });
    expect(JSON.stringify(Backup.findResources('AWS::ECS::TaskDefinition'))).not.toContain('SENTRY');
    expect(JSON.stringify(statementsOf('OperationsTask', templatesOf('staging')))).not.toContain(
      'sentry-dsn',
    );
  });

  test('is all that an operator may start: no right to the database, its secret or a deletion', () => {
    const [policy] = Object.values(templatesOf('prod').Backup.findResources('AWS::IAM::ManagedPolicy')) as {
      Properties: { ManagedPolicyName: string; PolicyDocument: { Statement: Statement[] } };
    }[];
    expect(policy!.Properties.ManagedPolicyName).toBe('golive-prod-operator-eu-central-1');
    const actions = policy!.Properties.PolicyDocument.Statement.flatMap(({ Action }) => Action);
    expect(actions).toContain('states:StartExecution');
    expect(actions.filter((action) => /delete|put|secret|connect|create|modify|\*/i.test(action))).toEqual(
      [],
    );
  });

  test('is not there where none is configured, and then nothing hands over', () => {
    const { Backup } = templatesOf('dev');
    Backup.resourceCountIs('AWS::ECS::TaskDefinition', 0);
    Backup.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    Backup.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ RUNNER: 'function' }) },
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
