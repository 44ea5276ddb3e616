import { Match } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT_NAMES } from '../../../lib/config';
import { configOf, outlineOf, templatesFor, templatesOf } from '../support/synthesis';

describe('PostgreSQL', () => {
  test.each(ENVIRONMENT_NAMES)('of %s is encrypted, private, logged and recoverable', (name) => {
    const { database, logRetentionDays } = configOf(name);
    const { Database } = templatesOf(name);

    Database.hasResourceProperties('AWS::RDS::DBInstance', {
      Engine: 'postgres',
      EngineVersion: '17', // no minor version, so that RDS's upgrades are no drift
      DBInstanceClass: `db.${database.instanceClass}`,
      StorageType: 'gp3',
      StorageEncrypted: true,
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('StorageKey'), 'Arn'] },
      PubliclyAccessible: false,
      MultiAZ: database.multiAz,
      DeletionProtection: database.deletionProtection,
      BackupRetentionPeriod: database.backupRetentionDays,
      DeleteAutomatedBackups: false,
      CopyTagsToSnapshot: true,
      AutoMinorVersionUpgrade: true,
      EnableIAMDatabaseAuthentication: true,
      EnablePerformanceInsights: true,
      PerformanceInsightsRetentionPeriod: database.performanceInsightsDays,
      PerformanceInsightsKMSKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('InsightsKey'), 'Arn'] },
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
    });
    for (const type of ['postgresql', 'upgrade']) {
      Database.hasResourceProperties('AWS::Logs::LogGroup', {
        LogGroupName: `/aws/rds/instance/golive-${name}/${type}`,
        RetentionInDays: logRetentionDays,
      });
    }
  });

  test('refuses a connection without TLS', () => {
    templatesOf('dev').Database.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'postgres17',
      Parameters: Match.objectLike({ 'rds.force_ssl': '1', ssl_min_protocol_version: 'TLSv1.2' }),
    });
  });

  test('finds its log groups made, so that RDS does not make them without retention', () => {
    templatesOf('dev').Database.hasResource('AWS::RDS::DBInstance', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('Logspostgresql')]),
    });
  });

  test('lets nobody in by itself', () => {
    const { Database } = templatesOf('prod');

    Database.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    for (const group of Object.values(Database.findResources('AWS::EC2::SecurityGroup'))) {
      expect(group['Properties']).not.toHaveProperty('SecurityGroupIngress');
    }
  });

  test('generates its credentials, encrypts them with a key of their own and attaches them', () => {
    const { Database } = templatesOf('prod');

    Database.hasResourceProperties('AWS::SecretsManager::Secret', {
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('CredentialsKey'), 'Arn'] },
      GenerateSecretString: Match.objectLike({ SecretStringTemplate: '{"username":"golive_admin"}' }),
    });
    Database.resourceCountIs('AWS::SecretsManager::SecretTargetAttachment', 1);
  });

  test.each([
    ['prod', 'Retain'],
    ['staging', 'Snapshot'],
    ['dev', 'Delete'],
  ] as const)('of %s leaves by %s', (name, policy) => {
    templatesOf(name).Database.hasResource('AWS::RDS::DBInstance', {
      DeletionPolicy: policy,
      UpdateReplacePolicy: policy,
    });
  });

  test.each(ENVIRONMENT_NAMES)('of %s has only keys that are rotated', (name) => {
    expect(() =>
      templatesOf(name).Database.allResourcesProperties('AWS::KMS::Key', { EnableKeyRotation: true }),
    ).not.toThrow();
  });

  test('under "snapshot" keeps its keys: without them the snapshot is noise', () => {
    for (const key of Object.values(templatesOf('staging').Database.findResources('AWS::KMS::Key'))) {
      expect(key['DeletionPolicy']).toBe('Retain');
    }
  });
});

describe('the cache', () => {
  test.each(ENVIRONMENT_NAMES)(
    'of %s is Valkey, encrypted at rest and on the way, for users only',
    (name) => {
      const { cache } = configOf(name);

      templatesOf(name).Database.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
        Engine: 'valkey',
        CacheNodeType: cache.nodeType,
        NumCacheClusters: 1 + cache.replicas,
        AutomaticFailoverEnabled: cache.multiAz,
        MultiAZEnabled: cache.multiAz,
        AtRestEncryptionEnabled: true,
        KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('CacheKey'), 'Arn'] },
        TransitEncryptionEnabled: true,
        TransitEncryptionMode: 'required',
        UserGroupIds: [{ Ref: Match.stringLikeRegexp('CacheUserGroup') }],
        LogDeliveryConfigurations: [
          Match.objectLike({ LogType: 'slow-log' }),
          Match.objectLike({ LogType: 'engine-log' }),
        ],
      });
    },
  );

  test('has a user whose password CloudFormation reads from the secret', () => {
    templatesOf('dev').Database.hasResourceProperties('AWS::ElastiCache::User', {
      AuthenticationMode: {
        Type: 'password',
        Passwords: [
          {
            'Fn::Join': [
              '',
              [
                '{{resolve:secretsmanager:',
                { Ref: Match.stringLikeRegexp('CacheUserSecret') },
                ':SecretString:password::}}',
              ],
            ],
          },
        ],
      },
      AccessString: Match.stringLikeRegexp('-@dangerous'),
    });
  });
});

test('a configuration of its own reaches the template', () => {
  const dev = configOf('dev');
  const { Database } = templatesFor({ ...dev, database: { ...dev.database, name: 'shop', storageGiB: 33 } });

  Database.hasResourceProperties('AWS::RDS::DBInstance', { DBName: 'shop', AllocatedStorage: '33' });
});

test('the Database stack is the reviewed one', () => {
  expect(outlineOf(templatesOf('dev').Database)).toMatchSnapshot();
});
