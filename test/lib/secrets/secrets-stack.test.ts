import { Match, type Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT_NAMES, type EnvironmentConfig } from '../../../lib/config';
import { SecretsOperations } from '../../../core/secrets/operations';
import { SECRETS_CHECK_NAMES, SECRETS_SEVERITY } from '../../../core/secrets/status';
import cdkJson from '../../../cdk.json';
import { configOf, outlineOf, templatesFor, templatesOf } from '../support/synthesis';

const prod = () => templatesOf('prod').Secrets;
const prodWith = (secrets: Partial<EnvironmentConfig['secrets']>) => {
  const config = configOf('prod');
  return templatesFor({ ...config, secrets: { ...config.secrets, ...secrets } }).Secrets;
};

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** What a role, or a managed policy, may do. */
function statementsOf(owner: string, type = 'AWS::IAM::Policy'): Statement[] {
  return Object.entries(prod().findResources(type))
    .filter(([id]) => id.startsWith(owner))
    .flatMap(
      ([, policy]) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
          .Statement,
    );
}

const actionsOn = (statements: readonly Statement[], resource: RegExp) =>
  statements
    .filter(({ Resource }) => resource.test(JSON.stringify(Resource)))
    .flatMap(({ Action }) => Action)
    .sort();

/** The secret itself, whichever stack it is of. */
const SECRETS = {
  Master: /PostgresCredentialsAttachment/,
  App: /"SecretsAppSecret/,
  Backup: /"SecretsBackupSecret/,
  Jwt: /"SecretsJwtSecret/,
  Data: /"SecretsDataSecret/,
  Cache: /CacheUserSecret/,
} as const;
const ROTATED = Object.keys(SECRETS) as (keyof typeof SECRETS)[];

describe('every secret', () => {
  test.each(ENVIRONMENT_NAMES)(
    'of %s is encrypted with the stack’s own key, and leaves as the environment says',
    (name) => {
      const { Secrets } = templatesOf(name);
      const policy = configOf(name).dataRemoval === 'destroy' ? 'Delete' : 'Retain';

      const secrets = Object.entries(Secrets.findResources('AWS::SecretsManager::Secret'));
      expect(secrets).toHaveLength(7);
      for (const [id, secret] of secrets) {
        const own = id.startsWith('SecretsSentryDsn') ? 'Delete' : policy;
        expect(secret).toMatchObject({
          DeletionPolicy: own,
          UpdateReplacePolicy: own,
          Properties: { KmsKeyId: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] } },
        });
      }
    },
  );

  test('has a policy that refuses strangers, plain HTTP and the public, the Database stack’s two as well', () => {
    const policies = Object.values(prod().findResources('AWS::SecretsManager::ResourcePolicy'));

    expect(policies).toHaveLength(9);
    for (const policy of policies) {
      expect(policy).toMatchObject({
        Properties: {
          BlockPublicPolicy: true,
          ResourcePolicy: {
            Statement: [
              { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
              {
                Effect: 'Deny',
                Condition: {
                  StringNotEquals: { 'aws:PrincipalAccount': '333333333333' },
                  Bool: { 'aws:PrincipalIsAWSService': 'false' },
                },
              },
            ],
          },
        },
      });
    }
  });

  test('stands in the template without a value', () => {
    const texts = Object.values(prod().findResources('AWS::SecretsManager::Secret')).map(
      (secret) => (secret['Properties'] as { SecretString?: string }).SecretString,
    );

    expect(texts.filter((text) => text !== undefined).sort()).toEqual([
      '{"ringVersion":0,"purpose":"data","algorithm":"A256GCM"}',
      '{"ringVersion":0,"purpose":"jwt","algorithm":"EdDSA"}',
      '{}',
      '{}',
      '{}',
    ]);
    expect(cdkJson.context['@aws-cdk/core:checkSecretUsage']).toBe(true);
  });

  test('that is retained has no name of its own, and so does not stand in the way of another', () => {
    const named = Object.entries(prod().findResources('AWS::SecretsManager::Secret')).filter(
      ([, { Properties }]) => 'Name' in (Properties as object),
    );

    expect(named.map(([id, secret]) => [id.slice(0, -8), secret['DeletionPolicy'] as unknown])).toEqual([
      ['SecretsSentryDsnSecret', 'Delete'],
    ]);
  });

  test('is replicated to the region of disaster recovery, encrypted with the key that is there', () => {
    prod().allResourcesProperties('AWS::SecretsManager::Secret', {
      ReplicaRegions: [{ Region: 'eu-west-1', KmsKeyId: 'alias/golive-prod-replica' }],
    });
    templatesOf('prod').Recovery?.hasResourceProperties('AWS::KMS::Alias', {
      AliasName: 'alias/golive-prod-replica',
    });
  });

  test('is replicated nowhere when it is not to be, or there is nowhere', () => {
    for (const template of [prodWith({ replicate: false }), templatesOf('dev').Secrets]) {
      expect(() =>
        template.allResourcesProperties('AWS::SecretsManager::Secret', { ReplicaRegions: Match.absent() }),
      ).not.toThrow();
    }
  });
});

describe('what is set with golive secrets set sentry-dsn', () => {
  /** Of each function of a stack, of each task that is told, and of each role's policy, what concerns the DSN. */
  function readersOf(template: Template) {
    const texts = (type: string) =>
      Object.values(template.findResources(type)).map((resource) => JSON.stringify(resource));
    return {
      told: [
        ...texts('AWS::Lambda::Function').map((text) => /"SENTRY_DSN_SECRET_NAME":"([^"]+)"/.exec(text)?.[1]),
        ...texts('AWS::ECS::TaskDefinition').flatMap((text) =>
          [...text.matchAll(/"Name":"SENTRY_DSN_SECRET_NAME","Value":"([^"]+)"/g)].map(([, name]) => name),
        ),
      ],
      allowed: texts('AWS::IAM::Policy').flatMap((text) => text.match(/[^"]*sentry-dsn[^"]*/g) ?? []),
      keys: texts('AWS::IAM::Policy').flatMap((text) =>
        [...text.matchAll(/"kms:ResourceAliases":"([^"]*)"/g)].map(([, alias]) => alias),
      ),
    };
  }

  test('is what every function and task reads, in the stack that makes the secret and in the one after it', () => {
    const { Secrets, Backup } = templatesOf('prod');

    Secrets.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'golive/prod/sentry-dsn' });
    Secrets.hasResourceProperties('AWS::KMS::Alias', {
      AliasName: 'alias/golive-prod-secrets',
      TargetKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
    });
    for (const stack of [Secrets, Backup]) {
      const { told, allowed, keys } = readersOf(stack);

      expect(told.length).toBeGreaterThan(3);
      expect(new Set(told)).toEqual(new Set(['golive/prod/sentry-dsn']));
      expect(allowed).toHaveLength(told.length);
      expect(new Set(allowed)).toEqual(
        new Set(['arn:aws:secretsmanager:eu-central-1:333333333333:secret:golive/prod/sentry-dsn-??????']),
      );
      expect(keys.filter((alias) => alias === 'alias/golive-prod-secrets')).toHaveLength(told.length);
    }
  });

  test('is read as a replica in the region of disaster recovery, with the key that is there', () => {
    expect(readersOf(templatesOf('prod').Recovery!)).toEqual({
      told: ['golive/prod/sentry-dsn', 'golive/prod/sentry-dsn'],
      allowed: Array(2).fill(
        'arn:aws:secretsmanager:eu-west-1:333333333333:secret:golive/prod/sentry-dsn-??????',
      ),
      keys: ['alias/golive-prod-replica', 'alias/golive-prod-replica'],
    });
  });

  test('is not looked for in a region where no replica is', () => {
    const config = configOf('prod');
    const { Recovery } = templatesFor({ ...config, secrets: { ...config.secrets, replicate: false } });

    expect(readersOf(Recovery!)).toEqual({ told: [undefined, undefined], allowed: [], keys: [] });
  });

  test('may be read by no function while the configuration has Sentry off', () => {
    const off = templatesFor({ ...configOf('prod'), sentry: false });

    for (const stack of [off.Secrets, off.Recovery!]) {
      const { told, allowed } = readersOf(stack);

      expect(new Set(told)).toEqual(new Set([undefined]));
      expect(allowed).toEqual([]);
    }
  });
});

describe('a login of the database', () => {
  test.each([
    ['App', 'golive_app'],
    ['Backup', 'golive_backup'],
  ])('%s is generated with all that its rotation needs', (id, username) => {
    const secret = prod().findResources('AWS::SecretsManager::Secret');
    const [, { Properties }] = Object.entries(secret).find(([name]) =>
      name.startsWith(`Secrets${id}Secret`),
    ) as [string, { Properties: { GenerateSecretString: Record<string, unknown> } }];
    const { SecretStringTemplate, GenerateStringKey, ExcludeCharacters } = Properties.GenerateSecretString;
    const parts = (SecretStringTemplate as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
    const text = parts
      .map((part) =>
        typeof part === 'string' ? part : JSON.stringify(part).includes('EndpointPort') ? '5432' : 'token',
      )
      .join('');

    expect(JSON.parse(text)).toEqual({
      engine: 'postgres',
      host: 'token',
      port: 5432,
      username,
      dbname: 'golive',
      masterarn: 'token',
    });
    expect(GenerateStringKey).toBe('password');
    expect(ExcludeCharacters).toContain('@');
  });

  test('is made by the bootstrap before anything rotates it', () => {
    prod().hasResourceProperties('Custom::DatabaseRoles', {
      ServiceToken: { 'Fn::GetAtt': [Match.stringLikeRegexp('^DatabaseRolesBootstrapFunction'), 'Arn'] },
      MasterSecretArn: { 'Fn::ImportValue': Match.stringLikeRegexp('PostgresCredentialsAttachment') },
      AppSecretArn: { Ref: Match.stringLikeRegexp('^SecretsAppSecret') },
      BackupSecretArn: { Ref: Match.stringLikeRegexp('^SecretsBackupSecret') },
      Database: 'golive',
      Owner: 'golive_owner',
    });
    for (const login of ['App', 'Backup']) {
      prod().hasResource('AWS::SecretsManager::RotationSchedule', {
        Properties: { SecretId: { Ref: Match.stringLikeRegexp(`^Secrets${login}Secret`) } },
        DependsOn: Match.arrayWith([Match.stringLikeRegexp('^DatabaseRoles')]),
      });
    }
  });

  test('is made by a function that can reach the database by then', () => {
    prod().hasResource('Custom::DatabaseRoles', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^NetworkSecurityGroupto')]),
    });
  });
});

describe('the algorithm of tokens', () => {
  test('has a secret of its own: with another, the old ring is not overwritten', () => {
    const secrets = prodWith({
      jwt: { ...configOf('prod').secrets.jwt, algorithm: 'ES256' },
    }).findResources('AWS::SecretsManager::Secret');
    const ids = Object.keys(secrets);

    expect(ids.filter((id) => id.startsWith('SecretsJwtEs256Secret'))).toHaveLength(1);
    expect(Object.keys(prod().findResources('AWS::SecretsManager::Secret'))).not.toEqual(ids);
  });
});

describe('rotation', () => {
  test.each([
    ['Master', 'cron(0 7 ? * TUE#1 *)', false],
    ['App', 'cron(0 8 ? * TUE#1 *)', false],
    ['Backup', 'cron(0 9 ? * TUE#1 *)', false],
    ['Cache', 'cron(0 10 ? * TUE#1 *)', false],
    ['Jwt', 'cron(0 11 ? * TUE#1 *)', true],
    ['Data', 'cron(0 12 ? JAN,APR,JUL,OCT TUE#1 *)', true],
  ])(
    'of %s has its window, and a deployment rotates only what holds nothing yet',
    (id, expression, atOnce) => {
      const schedules = prod().findResources('AWS::SecretsManager::RotationSchedule');
      const [, schedule] = Object.entries(schedules).find(([name]) =>
        name.startsWith(`Rotations${id}Schedule`),
      ) as [string, unknown];

      expect(schedule).toMatchObject({
        Properties: {
          RotationRules: { ScheduleExpression: expression, Duration: '1h' },
          RotateImmediatelyOnUpdate: atOnce,
          RotationLambdaARN: { 'Fn::GetAtt': [expect.stringMatching(`^Rotations${id}Function`), 'Arn'] },
        },
        // Secrets Manager tries the function out as soon as the schedule is there.
        DependsOn: expect.arrayContaining([
          expect.stringMatching(`^Rotations${id}FunctionSecretsManager`),
        ]) as unknown,
      });
    },
  );

  test.each(ROTATED)('of %s is one function’s, which may touch this secret and no other', (id) => {
    const statements = statementsOf(`Rotations${id}FunctionRole`);
    const own = actionsOn(statements, SECRETS[id]);

    expect(own).toEqual(
      [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        ...(id === 'Jwt' || id === 'Data' ? ['secretsmanager:TagResource'] : []),
        'secretsmanager:UpdateSecretVersionStage',
      ].sort(),
    );
    const others = ROTATED.filter((other) => other !== id).flatMap((other) =>
      actionsOn(statements, SECRETS[other]).map((action) => `${action} ${other}`),
    );
    const help = { App: 'Master', Backup: 'Master', Data: 'Backup' }[id as string];
    expect(others).toEqual(help ? [`secretsmanager:GetSecretValue ${help}`] : []);
  });

  test.each(ROTATED)('of %s is started by Secrets Manager of this account for this secret alone', (id) => {
    const permissions = Object.entries(prod().findResources('AWS::Lambda::Permission')).filter(([name]) =>
      name.startsWith(`Rotations${id}Function`),
    );

    expect(permissions).toHaveLength(1);
    const { Properties } = permissions[0]?.[1] as { Properties: Record<string, unknown> };
    expect(Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: '333333333333',
    });
    expect(JSON.stringify(Properties['SourceArn'])).toMatch(SECRETS[id]);
  });

  test.each(ROTATED)('of %s happens once at a time', (id) => {
    const functions = Object.entries(prod().findResources('AWS::Lambda::Function')).filter(([name]) =>
      name.startsWith(`Rotations${id}Function`),
    );

    expect(functions[0]?.[1]).toMatchObject({ Properties: { ReservedConcurrentExecutions: 1 } });
  });

  test('uses a key through Secrets Manager only', () => {
    const statements = ROTATED.flatMap((id) => statementsOf(`Rotations${id}FunctionRole`)).filter(
      ({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')),
    );

    expect(statements.length).toBeGreaterThan(5);
    for (const { Condition, Resource } of statements) {
      expect(Condition).toEqual({
        StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' },
        // Of the Sentry DSN, whose key is known by its alias.
        ...(typeof Resource === 'string' && {
          'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/golive-prod-secrets' },
        }),
      });
    }
  });

  test('of the cache’s user may change that user alone', () => {
    expect(
      statementsOf('RotationsCacheFunctionRole').find(({ Action }) =>
        [Action].flat().includes('elasticache:ModifyUser'),
      ),
    ).toEqual({
      Action: ['elasticache:DescribeUsers', 'elasticache:ModifyUser'],
      Effect: 'Allow',
      Resource: 'arn:aws:elasticache:eu-central-1:333333333333:user:golive-prod-app',
    });
  });

  test.each(['Master', 'App', 'Backup', 'Data'])('of %s stands beside the database', (id) => {
    const [fn] = Object.entries(prod().findResources('AWS::Lambda::Function'))
      .filter(([name]) => name.startsWith(`Rotations${id}Function`))
      .map(([, { Properties }]) => Properties as Record<string, unknown>);

    expect(fn).toHaveProperty('VpcConfig.SecurityGroupIds');
  });

  test.each(['Jwt', 'Cache'])('of %s does not: the service is not in the VPC', (id) => {
    const [fn] = Object.entries(prod().findResources('AWS::Lambda::Function'))
      .filter(([name]) => name.startsWith(`Rotations${id}Function`))
      .map(([, { Properties }]) => Properties as Record<string, unknown>);

    expect(fn).not.toHaveProperty('VpcConfig');
  });

  test('keeps a data key for as long as the oldest backup that may be restored', () => {
    prod().hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          POWERTOOLS_SERVICE_NAME: 'secrets-rotate-data',
          // Twelve months at their longest, here and in the replica, and 90 days of deleted versions.
          BACKUP_SECONDS: String((12 * 31 + 90) * 86_400),
          ENCRYPTED_COLUMNS: '[]',
        }),
      },
    });
  });
});

describe('pick-up', () => {
  test('waits for more changes of this environment’s secrets, and looks at them together', () => {
    prod().hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.secretsmanager'],
        'detail-type': ['Secret Label Updated'],
        detail: { labelUpdated: ['AWSCURRENT'] },
        resources: Match.arrayWith([{ Ref: Match.stringLikeRegexp('^SecretsSlackSecret') }]),
      },
      Targets: [
        Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^PickUpJobChanges'), 'Arn'] } }),
      ],
    });
    prod().hasResourceProperties('AWS::SQS::Queue', {
      DelaySeconds: 60,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
    });
    prod().hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      MaximumBatchingWindowInSeconds: 60,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('redeploys services of this environment alone', () => {
    expect(
      statementsOf('PickUpJob').find(({ Action }) => [Action].flat().includes('ecs:UpdateService')),
    ).toMatchObject({
      Action: 'ecs:UpdateService',
      Condition: { StringEquals: { 'aws:ResourceTag/golive:environment': 'prod' } },
    });
  });
});

describe('alarms', () => {
  test.each(SECRETS_CHECK_NAMES)('there is one on the check %s', (check) => {
    prod().hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'SecretsHealth',
      Dimensions: Match.arrayWith([{ Name: 'check', Value: check }]),
      Threshold: SECRETS_SEVERITY.critical,
      AlarmDescription: Match.stringLikeRegexp(`#${check}$`),
    });
  });

  test.each([
    [['RotationFailed', 'TestRotationFailed'], 'rotation-failed'],
    [['RotationAbandoned'], 'rotation-abandoned'],
  ])('Secrets Manager’s own %j is one, and leaves its evidence', (eventName, anchor) => {
    const [rule] = Object.keys(
      prod().findResources('AWS::Events::Rule', {
        Properties: {
          EventPattern: {
            'detail-type': ['AWS Service Event via CloudTrail'],
            detail: { eventName, additionalEventData: { SecretId: Match.anyValue() } },
          },
          Targets: [
            Match.objectLike({
              Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RotationAlarmsEvents'), 'Arn'] },
            }),
          ],
        },
      }),
    );

    prod().hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Events',
      MetricName: 'TriggeredRules',
      Dimensions: [{ Name: 'RuleName', Value: { Ref: rule } }],
      AlarmDescription: Match.stringLikeRegexp(`#${anchor}$`),
    });
  });
});

describe('who operates secrets', () => {
  test('may look, rotate and set, and can read none', () => {
    const actions = statementsOf('OperatorAccessPolicy', 'AWS::IAM::ManagedPolicy').flatMap(
      ({ Action }) => Action,
    );

    expect(actions).toEqual(
      expect.arrayContaining(['secretsmanager:RotateSecret', 'secretsmanager:DescribeSecret']),
    );
    expect(actions).not.toContain('secretsmanager:GetSecretValue');
  });

  test('may set what people set, and nothing that a function makes', () => {
    const setting = statementsOf('OperatorAccessPolicy', 'AWS::IAM::ManagedPolicy').filter(({ Action }) =>
      [Action].flat().includes('secretsmanager:PutSecretValue'),
    );

    expect(JSON.stringify(setting)).not.toMatch(/AppSecret|JwtSecret|DataSecret|BackupSecret|ImportValue/);
    expect(JSON.stringify(setting)).toMatch(/SlackSecret/);
  });

  test('can have the task roll the services’ login back, which it has to log in for', () => {
    const statements = Object.entries(templatesOf('prod').Backup.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('OperationsTaskRole'))
      .flatMap(
        ([, policy]) =>
          (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
            .Statement,
      );

    expect(actionsOn(statements, /SecretsAppSecret/)).toContain('secretsmanager:UpdateSecretVersionStage');
    expect(actionsOn(statements, /SecretsAppSecret/)).not.toContain('secretsmanager:PutSecretValue');
    expect(actionsOn(statements, /SecretsDataSecret|SecretsJwtSecret/)).toEqual([]);
  });
});

/** The parameter's text, with an ARN for each reference. */
function operationsText(name: (typeof ENVIRONMENT_NAMES)[number]): string {
  const [parameter] = Object.values(templatesOf(name).Secrets.findResources('AWS::SSM::Parameter'));
  const value = (parameter?.['Properties'] as { Value: { 'Fn::Join': [string, unknown[]] } }).Value;
  let count = 0;
  return value['Fn::Join'][1]
    .map((part) =>
      typeof part === 'string'
        ? part
        : `arn:aws:secretsmanager:eu-central-1:123456789012:secret:SecretsPagerDutySecret5912A236-Ab12Cd34Ef56-abcde${(count += 1)}`,
    )
    .join('');
}

describe('what operators’ tools must know', () => {
  test.each(ENVIRONMENT_NAMES)('stands in a parameter of %s that their schema takes', (name) => {
    const operations = SecretsOperations.parse(JSON.parse(operationsText(name)));

    expect(operations.environment).toBe(name);
    expect(operations.secrets.map((secret) => [secret.name, secret.kind, secret.rotationDays])).toEqual([
      ['master', 'single-user', 35],
      ['app', 'alternating-user', 35],
      ['backup', 'single-user', 35],
      ['jwt', 'key-ring', 35],
      ['data', 'key-ring', 98],
      ['cache', 'cache-user', 35],
      ['sentry-dsn', 'set-by-people', undefined],
      ['pagerduty', 'set-by-people', undefined],
      ['slack', 'set-by-people', undefined],
    ]);
  });

  test('says what of the platform itself reads a secret', () => {
    const { secrets } = SecretsOperations.parse(JSON.parse(operationsText('staging')));
    const usedBy = (name: string) => secrets.find((secret) => secret.name === name)!.usedBy;
    expect(usedBy('master')).toEqual(expect.arrayContaining(['dumps', 'rotation of app and backup']));
    expect(usedBy('backup')).toEqual(['rotation of data']);
    expect(usedBy('app')).toBeUndefined();
  });

  test('fits into a parameter, which holds 4,096 characters', () => {
    expect(operationsText('staging').length).toBeLessThan(4096);
  });
});

test('the Secrets stack is the reviewed one', () => {
  expect(outlineOf(templatesOf('dev').Secrets)).toMatchSnapshot();
});
