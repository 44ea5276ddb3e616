import { CustomResource, Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { MigrateEnvironment } from '../../lambdas/services/migrate/env';
import { acknowledge } from '../shared/acknowledge';
import { FailureQueue } from '../shared/failure-queue';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import type { KnownCluster } from '../shared/run-task';
import { grantReadSecret, type KeyedSecret } from '../shared/secret-access';
import { dropAllCapabilities } from '../shared/container-hardening';
import { MigrationAnswer } from './migration-answer';
import { LIMITS } from './migration-definition';
import { MigrationMachine } from './migration-machine';

export interface MigrationsProps {
  readonly platform: PlatformSettings;
  readonly vpc: ec2.IVpc;
  readonly cluster: KnownCluster;
  /** Where the task stands. In public ones it has an address of its own, without which it could pull no image. */
  readonly subnets: ec2.SubnetSelection;
  /** The gateway's: its migrations are the files in it. */
  readonly image: ecs.ContainerImage;
  /** The gateway's, by its contract; the login is its `DATABASE_SECRET_ARN`, and acts as the owner role. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the task may read. */
  readonly secrets: readonly KeyedSecret[];
  /** Where events end that failed for good. @default a queue of its own, with an alarm */
  readonly failureQueue?: IQueue;
}

const CONTAINER = 'migrate';

/** What the gateway's image runs to migrate, and then ends. */
const COMMAND = ['node', '/app/main.js', 'migrate'];

/** As of the gateway's image: root migrates nothing better. */
const USER = '1000:1000';

/**
 * Migrates the database before a new version of the gateway takes traffic: let its service depend on this construct.
 * It runs when the task's definition has a new revision, which is when the image has changed, or what it is told. When
 * it fails, the deployment fails with the end of the task's log as the reason, and the service is never touched.
 *
 * Nothing is ever migrated down. When CloudFormation rolls back it names an older revision, and nothing runs: its
 * migrations were made when it was deployed, and what came later must suit it, too (expand, then contract).
 *
 * Connect it to PostgreSQL: `migrations.connections.allowTo(postgres, Port.tcp(5432))`.
 */
export class Migrations extends Construct implements ec2.IConnectable {
  readonly connections: ec2.Connections;
  readonly definition: ecs.FargateTaskDefinition;
  /** To run them by hand: its input is `{"taskDefinition": "<ARN of a revision>"}`. */
  readonly stateMachine: StateMachine;
  /** What the tasks say. */
  readonly logGroup: LogGroup;
  /** Made when the database is migrated. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: MigrationsProps) {
    super(scope, id);
    const { platform, vpc, cluster } = props;
    const failureQueue =
      props.failureQueue ?? new FailureQueue(this, 'FailedEvents', { capability: 'services' }).queue;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Migrations: to PostgreSQL and to AWS services',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'AWS services');
    this.connections = securityGroup.connections;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    this.definition = this.defineTask(props);

    const answer = new MigrationAnswer(this, 'Answer', {
      platform,
      cluster,
      failureQueue,
      logGroup: this.logGroup,
      logStreamPrefix: `${CONTAINER}/${CONTAINER}`,
      taskFamily: this.definition.family,
    });
    const { subnetIds, hasPublic } = vpc.selectSubnets(props.subnets);
    const machine = new MigrationMachine(this, 'Machine', {
      platform,
      cluster,
      failureQueue,
      answer,
      subnetIds,
      definition: this.definition,
      hasPublicIp: hasPublic,
      securityGroupId: securityGroup.securityGroupId,
    });
    this.stateMachine = machine.stateMachine;

    const begin = new PlatformFunction(this, 'Begin', {
      platform,
      source: { capability: 'services', name: 'migrate' },
      packaging: 'zip',
      contract: MigrateEnvironment,
      environment: {
        STATE_MACHINE_ARN: this.stateMachine.stateMachineArn,
        ANSWER_URL_SECRET_ARN: answer.urlSecretArn,
      },
      timeout: Duration.minutes(1),
      memory: Size.mebibytes(512),
      // What failed has been answered, and CloudFormation rolls back: a second try would be behind its back.
      asynchronous: { failureQueue, retryAttempts: 0 },
    });
    answer.grantLeaveUrl(begin);
    this.stateMachine.grantStartExecution(begin);

    this.resource = new CustomResource(this, 'Migrated', {
      resourceType: 'Custom::Migrations',
      serviceToken: begin.function.functionArn,
      serviceTimeout: LIMITS.answer,
      properties: { TaskDefinition: this.definition.taskDefinitionArn },
    });
    // The rights of all that takes part, and the task's way to the database.
    const { definition } = this;
    this.resource.node.addDependency(definition, definition.taskRole, securityGroup, answer, machine, begin);
  }

  private defineTask(props: MigrationsProps): ecs.FargateTaskDefinition {
    const taskRole = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    for (const secret of props.secrets) grantReadSecret(taskRole, secret);
    const definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      // Fargate's least: PostgreSQL does the work.
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole,
      volumes: [{ name: 'scratch' }],
    });
    const container = definition.addContainer(CONTAINER, {
      image: props.image,
      command: COMMAND,
      user: USER,
      readonlyRootFilesystem: true,
      // With an init process SIGTERM ends it at once, and PostgreSQL rolls back what it had begun.
      linuxParameters: dropAllCapabilities(this, { initProcess: true }),
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: CONTAINER }),
      // No collector stands beside it.
      environment: { ...props.environment, OTEL_ENABLED: 'false' },
    });
    container.addMountPoints({ sourceVolume: 'scratch', containerPath: '/tmp', readOnly: false });
    acknowledge(
      definition,
      'AwsSolutions',
      'AwsSolutions-ECS2',
      'The variables are names, addresses and ARNs; the task reads the secrets itself.',
    );
    acknowledge(
      definition,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'The registry gives its log-in token for no repository in particular.',
    );
    return definition;
  }
}
