import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { DATA_SUBNETS } from '../network/subnets';
import { acknowledge } from '../shared/acknowledge';
import { DataKey } from '../shared/data-key';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadSecret, type KeyedSecret } from '../shared/secret-access';
import { alarmPostgres } from './postgres-alarms';

export interface PostgresProps {
  readonly vpc: ec2.IVpc;
  readonly database: EnvironmentConfig['database'];
  readonly platform: PlatformSettings;
  /** What becomes of the database when it leaves the template. */
  readonly removalPolicy: RemovalPolicy;
}

/** The major version only: RDS's own minor upgrades would otherwise make the template drift. */
const ENGINE = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 });

const ADMIN = 'golive_admin';

/** RDS refuses / @ " and space; the rest trips up shells and connection strings. */
export const EXCLUDED_FROM_PASSWORDS = ' /@"\'\\`$%&#:;?<>{}[]()|^~!*+=,';

/** The instance's default, which it has. */
export const POSTGRES_PORT = 5432;

/** Static ones need a reboot. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html */
const PARAMETERS = {
  'rds.force_ssl': '1',
  ssl_min_protocol_version: 'TLSv1.2',
  log_connections: '1',
  log_disconnections: '1',
  log_lock_waits: '1',
  // Milliseconds.
  log_min_duration_statement: '1000',
  log_autovacuum_min_duration: '1000',
  // Kibibytes: a sort that spills more than 10 MiB to disk.
  log_temp_files: '10240',
  // Milliseconds: a forgotten transaction holds back vacuum, and its locks hold back everybody.
  idle_in_transaction_session_timeout: '300000',
};

/** RDS PostgreSQL 17: encrypted with a key of its own, TLS only, reachable by nobody until someone is let in. */
export class Postgres extends Construct implements ec2.IConnectable {
  readonly instance: rds.DatabaseInstance;
  /** The instance's name, known at synthesis: IAM patterns and log groups are built from it. */
  readonly instanceIdentifier: string;
  /** Host, port, user, password and database name, as RDS attaches them. */
  readonly secret: ISecret;
  /** RDS's immutable id of the instance, `db-ABC…`: its name may be taken over, this is not. */
  readonly resourceId: string;
  readonly databaseName: string;
  readonly connections: ec2.Connections;
  private readonly credentialsKey: DataKey;
  /** Of the storage and of Performance Insights. */
  private readonly dataKeys: readonly DataKey[];

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const { vpc, database, platform } = props;
    // A physical name, for two reasons: the log groups must exist under it before RDS makes them without
    // retention, and CloudFormation cannot replace a named database by an empty one without anybody noticing.
    this.instanceIdentifier = `golive-${platform.environmentName}`;
    const logGroups = ['postgresql', 'upgrade'].map(
      (type) =>
        new LogGroup(this, `Logs-${type}`, {
          logGroupName: `/aws/rds/instance/${this.instanceIdentifier}/${type}`,
          retention: platform.logRetentionDays,
          removalPolicy: platform.removalPolicy,
        }),
    );
    this.credentialsKey = this.makeKey('CredentialsKey', 'Encrypts the database credentials', platform);
    const storageKey = this.makeKey('StorageKey', 'Encrypts the database and its snapshots', platform);
    const insightsKey = this.makeKey('InsightsKey', 'Encrypts Performance Insights', platform);
    this.dataKeys = [storageKey, insightsKey];
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'PostgreSQL: who may connect',
      allowAllOutbound: false,
    });

    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      instanceIdentifier: this.instanceIdentifier,
      engine: ENGINE,
      instanceType: new ec2.InstanceType(database.instanceClass),
      databaseName: database.name,
      credentials: rds.Credentials.fromSecret(this.makeCredentials(platform) as ISecret, ADMIN),
      vpc,
      vpcSubnets: DATA_SUBNETS,
      securityGroups: [securityGroup],
      publiclyAccessible: false,
      multiAz: database.multiAz,
      storageType: rds.StorageType.GP3,
      allocatedStorage: database.storageGiB,
      maxAllocatedStorage: database.maxStorageGiB,
      storageEncrypted: true,
      storageEncryptionKey: storageKey,
      backupRetention: Duration.days(database.backupRetentionDays),
      preferredBackupWindow: database.backupWindow,
      preferredMaintenanceWindow: database.maintenanceWindow,
      deleteAutomatedBackups: false,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      deletionProtection: database.deletionProtection,
      removalPolicy: props.removalPolicy,
      iamAuthentication: true,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine: ENGINE,
        description: 'TLS only, and logs of what is slow, waits or spills',
        parameters: PARAMETERS,
      }),
      enablePerformanceInsights: true,
      performanceInsightRetention: database.performanceInsightsDays,
      performanceInsightEncryptionKey: insightsKey,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
    });
    this.instance.node.addDependency(...logGroups);

    if (!this.instance.secret || !this.instance.instanceResourceId) {
      throw new Error('aws-cdk-lib gave the database no secret or resource id: check its version');
    }
    this.secret = this.instance.secret;
    this.resourceId = database.resourceId ?? this.instance.instanceResourceId;
    // Whether anybody reads it or not: an export that another stack uses cannot be taken back, and the configuration
    // may stop to use it after a restore.
    Stack.of(this).exportValue(this.instance.instanceResourceId);
    this.databaseName = database.name;
    this.connections = this.instance.connections;
    alarmPostgres(this, {
      instance: this.instance,
      database,
      limits: platform.alarms.database,
    });
    this.acknowledgeFindings(database);
  }

  /** The admin credentials, with the key that encrypts them. */
  get keyedSecret(): KeyedSecret {
    return { secretArn: this.secret.secretArn, keyArn: this.credentialsKey.keyArn };
  }

  /** The host's name. */
  get address(): string {
    return this.instance.dbInstanceEndpointAddress;
  }

  /** Known to RDS alone, as any other value of the instance: on one machine it is another than {@link POSTGRES_PORT}. */
  get port(): number {
    return this.instance.instanceEndpoint.port;
  }

  /** Lets a function read the admin credentials. */
  grantReadCredentials(grantee: IGrantable & IConstruct): void {
    grantReadSecret(grantee, this.keyedSecret);
  }

  /**
   * Lets somebody restore an instance that is encrypted as this one: RDS uses the keys on their behalf, and keeps a
   * grant for the new instance.
   * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
   */
  grantRestore(grantee: IGrantable): void {
    const viaRds = { 'kms:ViaService': `rds.${Stack.of(this).region}.amazonaws.com` };
    const resources = this.dataKeys.map(({ keyArn }) => keyArn);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'],
        resources,
        conditions: { StringEquals: viaRds },
      }),
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:CreateGrant'],
        resources,
        conditions: { StringEquals: viaRds, Bool: { 'kms:GrantIsForAWSResource': true } },
      }),
    );
  }

  /** Made here and not by the instance, whose own secret changes its logical id with the password's rules. */
  private makeCredentials(platform: PlatformSettings): rds.DatabaseSecret {
    const secret = new rds.DatabaseSecret(this, 'Credentials', {
      username: ADMIN,
      encryptionKey: this.credentialsKey,
      excludeCharacters: EXCLUDED_FROM_PASSWORDS,
    });
    secret.applyRemovalPolicy(platform.removalPolicy);
    acknowledge(
      secret,
      'AwsSolutions',
      'AwsSolutions-SMG4',
      'The Secrets stack rotates it, where this rule does not look.',
    );
    return secret;
  }

  private makeKey(id: string, description: string, platform: PlatformSettings): DataKey {
    return new DataKey(this, id, {
      description: `${description} (${platform.environmentName})`,
      removalPolicy: platform.removalPolicy,
    });
  }

  private acknowledgeFindings(database: EnvironmentConfig['database']): void {
    const acknowledgeAt = (rule: string, reason: string) =>
      acknowledge(this.instance, 'AwsSolutions', rule, reason);
    acknowledgeAt(
      'AwsSolutions-RDS11',
      'Security groups decide who connects; an unusual port hides nothing.',
    );
    if (!database.multiAz) acknowledgeAt('AwsSolutions-RDS3', 'This environment may lose its zone.');
    if (!database.deletionProtection) {
      acknowledgeAt('AwsSolutions-RDS10', 'This environment is made to be thrown away.');
    }
  }
}
