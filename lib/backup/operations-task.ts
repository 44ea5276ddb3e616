import { Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { type IGrantable, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { SUBNETS } from '../network/subnets';
import { acknowledge } from '../shared/acknowledge';
import { dropAllCapabilities } from '../shared/container-hardening';
import { cronMonitorsDsn } from '../shared/cron-monitor';
import { withAssetFolder } from '../shared/function-assets';
import { grantReadOperations } from '../shared/operations-access';
import { METRICS_NAMESPACE } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadSecretsOperations } from '../shared/operations-access';
import { grantRunTask } from '../shared/run-task';
import {
  grantReadNamedSecret,
  grantReadSecret,
  grantRollBackSecret,
  type KeyedSecret,
} from '../shared/secret-access';
import { grantInstances } from './instance-access';
import { grantListRdsBackups } from './list-backups-access';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface OperationsTaskProps {
  readonly platform: PlatformSettings;
  readonly vpc: ec2.IVpc;
  readonly postgres: Postgres;
  readonly vault: Vault;
  readonly task: NonNullable<EnvironmentConfig['backup']['task']>;
  readonly subnets: EnvironmentConfig['backup']['dump']['subnets'];
  /** The services' login: to roll it back, one must log in beside the database. */
  readonly appSecret: KeyedSecret;
  /** Who dumps, if it is not the administrator. */
  readonly dumpSecret: KeyedSecret | undefined;
}

/** The only container. */
export const CONTAINER = 'golive';

/** Of Lambda's base image there is no user but root; PostgreSQL refuses root, and so do we. */
const USER = '1000:1000';

/**
 * The `golive` command line as a Fargate task beside the database: for a drill, for a restore, and for a dump that is
 * too large for a function. It is the dump function's image with another entry point, and the very program that an
 * operator types.
 */
export class OperationsTask extends Construct {
  readonly cluster: ecs.Cluster;
  readonly definition: ecs.FargateTaskDefinition;
  readonly container: ecs.ContainerDefinition;
  readonly securityGroup: ec2.SecurityGroup;
  readonly subnetIds: readonly string[];
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: OperationsTaskProps) {
    super(scope, id);
    const { platform, vpc, postgres, task } = props;
    const subnets = SUBNETS[props.subnets];
    this.subnetIds = vpc.selectSubnets(subnets).subnetIds;
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    this.definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      cpu: task.cpu,
      memoryLimitMiB: task.memoryMiB,
      ephemeralStorageGiB: task.storageGiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') }),
      volumes: [{ name: 'scratch' }],
    });
    this.container = this.addContainer(platform);
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Operations task: to PostgreSQL and to AWS services',
      allowAllOutbound: false,
    });
    this.securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'AWS services');
    // The rule that lets it in stands in this stack, so that the Database stack knows nothing of it.
    this.securityGroup.connections.allowTo(postgres, ec2.Port.tcp(5432), 'The operations task');
    this.grant(props);
  }

  /** Lets a state machine run this task in this cluster, wait for it and stop it. */
  grantRun(grantee: IGrantable & IConstruct): void {
    grantRunTask(grantee, this);
  }

  private addContainer(platform: PlatformSettings): ecs.ContainerDefinition {
    const source = { capability: 'backup', name: 'dump' };
    const dsn = cronMonitorsDsn(platform);
    const container = withAssetFolder(source, 'image', (folder) =>
      this.definition.addContainer(CONTAINER, {
        image: ecs.ContainerImage.fromAsset(folder, { platform: Platform.LINUX_ARM64 }),
        entryPoint: ['node', '/var/task/golive.js'],
        command: ['--help'],
        user: USER,
        readonlyRootFilesystem: true,
        // Reaps what pg_dump and PostgreSQL leave, and passes SIGTERM on.
        linuxParameters: dropAllCapabilities(this, { initProcess: true }),
        stopTimeout: Duration.seconds(120), // Fargate's longest: an upload is aborted, a server stopped
        logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: CONTAINER }),
        environment: {
          AWS_REGION: Stack.of(this).region,
          GOLIVE_ENV: platform.environmentName,
          GOLIVE_CA_FILE: '/var/task/rds-ca.pem',
          GOLIVE_TASK: 'true',
          POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
          HOME: '/tmp',
          ...(dsn && { SENTRY_DSN_SECRET_NAME: dsn.name }),
        },
      }),
    );
    container.addMountPoints({ sourceVolume: 'scratch', containerPath: '/tmp', readOnly: false });
    acknowledge(
      this.definition,
      'AwsSolutions',
      'AwsSolutions-ECS2',
      'The variables are names of an environment, a region, a folder and a secret, whose value is not among them.',
    );
    return container;
  }

  private grant({ platform, postgres, vault, appSecret, dumpSecret }: OperationsTaskProps): void {
    const role = this.definition.taskRole as Role;
    grantReadOperations(role, platform.environmentName);
    grantReadSecretsOperations(role, platform.environmentName);
    postgres.grantReadCredentials(role);
    grantRollBackSecret(role, appSecret);
    if (dumpSecret) grantReadSecret(role, dumpSecret);
    const dsn = cronMonitorsDsn(platform);
    if (dsn) grantReadNamedSecret(role, dsn);
    vault.grantWriteDumps(role);
    grantVault(vault, role, {
      read: ['dumps/', 'drills/', 'leases/', 'audit/'],
      write: ['drills/', 'leases/', 'audit/'],
    });
    grantInstances(role, { platform, postgres });
    grantListRdsBackups(role);
    acknowledge(
      this.definition,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'The registry gives its log-in token for no repository in particular.',
    );
  }
}
