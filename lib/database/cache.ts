import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { DATA_SUBNETS } from '../network/subnets';
import { acknowledge } from '../shared/acknowledge';
import { DataKey } from '../shared/data-key';
import type { PlatformSettings } from '../shared/platform-settings';
import type { KeyedSecret } from '../shared/secret-access';
import { alarmCache } from './cache-alarms';

export interface CacheProps {
  readonly vpc: ec2.IVpc;
  readonly cache: EnvironmentConfig['cache'];
  readonly platform: PlatformSettings;
}

const PORT = 6379;
const USER_NAME = 'golive';

/** Valkey, a Redis-compatible cache: TLS only, encrypted with a key of its own, one user with a password. */
export class Cache extends Construct implements ec2.IConnectable {
  readonly connections: ec2.Connections;
  /** `username` and `password` as JSON. */
  readonly userSecret: Secret;
  readonly primaryEndpoint: { readonly address: string; readonly port: number };
  /** ElastiCache's id of the user, which is not its name. */
  readonly userId: string;
  private readonly key: DataKey;

  constructor(scope: Construct, id: string, props: CacheProps) {
    super(scope, id);
    const { vpc, cache, platform } = props;
    this.key = new DataKey(this, 'Key', {
      description: `Encrypts the cache and its credentials (${platform.environmentName})`,
      removalPolicy: platform.removalPolicy,
    });
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Cache: who may connect',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({
      securityGroups: [securityGroup],
      defaultPort: ec2.Port.tcp(PORT),
    });

    // ElastiCache makes no ids of its own for users and groups.
    this.userId = `golive-${platform.environmentName}-app`;
    this.userSecret = this.makeSecret(platform);
    const userGroup = this.makeUserGroup(platform);
    const subnetGroup = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Isolated subnets for the cache',
      subnetIds: vpc.selectSubnets(DATA_SUBNETS).subnetIds,
    });

    const group = new elasticache.CfnReplicationGroup(this, 'Group', {
      replicationGroupDescription: `Cache of ${platform.environmentName}`,
      engine: 'valkey',
      engineVersion: '8.1',
      cacheNodeType: cache.nodeType,
      numCacheClusters: 1 + cache.replicas,
      automaticFailoverEnabled: cache.multiAz,
      multiAzEnabled: cache.multiAz,
      cacheSubnetGroupName: subnetGroup.ref,
      securityGroupIds: [securityGroup.securityGroupId],
      port: PORT,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      kmsKeyId: this.key.keyArn,
      userGroupIds: [userGroup.ref],
      autoMinorVersionUpgrade: true,
      snapshotRetentionLimit: cache.snapshotRetentionDays,
      logDeliveryConfigurations: ['slow-log', 'engine-log'].map((type) => this.deliverLog(type, platform)),
    });
    group.applyRemovalPolicy(platform.removalPolicy);
    this.primaryEndpoint = { address: group.attrPrimaryEndPointAddress, port: PORT };
    alarmCache(this, {
      replicationGroupId: group.ref,
      nodes: 1 + cache.replicas,
      limits: platform.alarms.cache,
    });
    this.acknowledgeFindings(group, cache);
  }

  /** The user's credentials, with the key that encrypts them. */
  get keyedSecret(): KeyedSecret {
    return { secretArn: this.userSecret.secretArn, keyArn: this.key.keyArn };
  }

  private makeSecret(platform: PlatformSettings): Secret {
    const secret = new Secret(this, 'UserSecret', {
      description: `The cache user of ${platform.environmentName}`,
      encryptionKey: this.key,
      removalPolicy: platform.removalPolicy,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: USER_NAME }),
        generateStringKey: 'password',
        passwordLength: 64, // ElastiCache takes 16 to 128
        excludePunctuation: true,
      },
    });
    acknowledge(
      secret,
      'AwsSolutions',
      'AwsSolutions-SMG4',
      'The Secrets stack rotates it, where this rule does not look.',
    );
    return secret;
  }

  private makeUserGroup(platform: PlatformSettings): elasticache.CfnUserGroup {
    const user = new elasticache.CfnUser(this, 'User', {
      engine: 'valkey',
      userId: this.userId,
      userName: USER_NAME,
      // Everything that a product does with a cache, and nothing that an administrator does.
      accessString: 'on ~* &* +@all -@admin -@dangerous',
      authenticationMode: {
        Type: 'password',
        // A dynamic reference: CloudFormation reads the secret, the template holds its name only. It reads it when it
        // makes the user, and again only with another change of the user: then the current password alone is left of
        // the two that a rotation set, which is the one that everybody has by then.
        Passwords: [this.userSecret.secretValueFromJson('password').unsafeUnwrap()],
      },
    });
    return new elasticache.CfnUserGroup(this, 'UserGroup', {
      engine: 'valkey',
      userGroupId: `golive-${platform.environmentName}`,
      userIds: [user.ref],
    });
  }

  private deliverLog(
    type: string,
    platform: PlatformSettings,
  ): elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty {
    const logGroup = new LogGroup(this, `Logs-${type}`, {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    return {
      logType: type,
      logFormat: 'json',
      destinationType: 'cloudwatch-logs',
      destinationDetails: { cloudWatchLogsDetails: { logGroup: logGroup.logGroupName } },
    };
  }

  private acknowledgeFindings(
    group: elasticache.CfnReplicationGroup,
    cache: EnvironmentConfig['cache'],
  ): void {
    const acknowledgeAt = (rule: string, reason: string) => acknowledge(group, 'AwsSolutions', rule, reason);
    acknowledgeAt(
      'AwsSolutions-AEC6',
      'Users with passwords of their own stand in place of the shared AUTH token.',
    );
    if (!cache.multiAz) acknowledgeAt('AwsSolutions-AEC4', 'This environment may lose its zone.');
  }
}
