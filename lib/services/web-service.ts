import { Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { z } from 'zod';
import type { EnvironmentConfig } from '../config';
import { SUBNETS } from '../network/subnets';
import { acknowledge } from '../shared/acknowledge';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadNamedSecret, grantReadSecret, type KeyedSecret } from '../shared/secret-access';
import { Collector, exporterVariables } from './collector/collector';
import type { CollectorConfigurationOptions } from './collector/configuration';
import { dropAllCapabilities } from '../shared/container-hardening';
import type { ServiceImage, ServiceName } from './service-image';
import { alarmWebService, type WebServiceAlarms } from './web-service-alarms';
import { type ManagedVariable, managedVariables } from './web-service-environment';
import { WebServiceMetrics } from './web-service-metrics';

export interface WebServicePort {
  /** Names it for Service Connect. */
  readonly name: string;
  readonly port: number;
}

/** @typeParam Contract the schema of the service's own `environment.ts` */
export interface WebServiceProps<Contract extends z.ZodObject> {
  readonly platform: PlatformSettings;
  readonly cluster: ecs.ICluster;
  readonly name: ServiceName;
  readonly services: EnvironmentConfig['services'];
  readonly image: ServiceImage;
  readonly contract: Contract;
  /** What the contract asks for; what every service is told comes on top. */
  readonly environment: NoInfer<Omit<z.input<Contract>, ManagedVariable>>;
  readonly ports: readonly WebServicePort[];
  /** What its tasks may read at run time. Nothing is injected. */
  readonly secrets: readonly KeyedSecret[];
  /** The port, and the name before it, under which other services of the cluster find it. @default it is not found */
  readonly foundAt?: WebServicePort;
  /** Where it writes: its root is read-only. The image declares the same as volumes, which says who may write there. */
  readonly scratch: readonly string[];
  /** Where it shows its metrics, and which of them are kept. @default it shows none */
  readonly metrics?: CollectorConfigurationOptions['metrics'];
}

/** Of the images: root is refused by what the Dockerfiles say, and here once more. */
const USER = '1000:1000';

/** What the image answers with 0 when it lives; there is no curl in it. */
const HEALTH_COMMAND = ['CMD', 'node', '/app/healthcheck.js'];

/**
 * A service on Fargate behind the load balancer, with its collector beside it.
 *
 * **A roll-out**, task by task: 30 s to start (the image is fetched, 5 s until it listens), 20 s until the load balancer has
 * seen it healthy twice, `drainSeconds` (20) in which the old one gets nothing new, then SIGTERM
 * and up to `shutdownSeconds` (20, mostly 1). That is 70 to 90 s; with AWS's defaults it is 150 s and 300 s.
 *
 * **A task that hangs** is replaced after 3 × 10 s by its own health check; the load balancer has left it alone since then,
 * too. Before it was well for the first time ECS gives it 60 s (`healthCheckGracePeriod`): twice what a start takes.
 *
 * **A bad version** is stopped by ECS: when tasks do not become healthy (three in a row for small services), or when an alarm
 * of {@link rollBackOn} sounds, what ran before is deployed again. All the while 100 % of the tasks go on.
 */
export class WebService<Contract extends z.ZodObject>
  extends Construct
  implements IGrantable, ec2.IConnectable
{
  readonly service: ecs.FargateService;
  readonly container: ecs.ContainerDefinition;
  readonly connections: ec2.Connections;
  readonly grantPrincipal: IPrincipal;
  readonly metrics: WebServiceMetrics;
  readonly alarms: WebServiceAlarms;
  /** What its tasks are told. */
  readonly variables: Readonly<Record<string, string>>;
  /** @default none - `services.observability.enabled` is false */
  readonly collector: Collector | undefined;
  /** How long the load balancer waits for what is under way. */
  readonly drain: Duration;
  private readonly scaling: ecs.ScalableTaskCount;
  private readonly requestsPerMinute: number;

  constructor(scope: Construct, id: string, props: WebServiceProps<Contract>) {
    super(scope, id);
    const { platform, name, services, cluster } = props;
    const own = services[name];
    this.drain = Duration.seconds(own.stop.drainSeconds);
    this.requestsPerMinute = own.scaling.requestsPerMinute;

    const logGroup = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    this.grantPrincipal = role;
    for (const secret of props.secrets) grantReadSecret(role, secret);
    if (platform.sentryDsn) grantReadNamedSecret(role, platform.sentryDsn);

    this.variables = {
      ...textValues(props.environment),
      ...textValues(
        managedVariables(Stack.of(this), platform, {
          version: props.image.version,
          shutdownSeconds: own.stop.shutdownSeconds,
          ...(services.observability.enabled && { tracing: exporterVariables(services.observability) }),
        }),
      ),
    };
    const folders = services.shell ? [...props.scratch, ...SHELL_FOLDERS] : props.scratch;
    const definition = this.defineTask(own, role, folders);
    this.container = this.addContainer(props, definition, logGroup);
    folders.forEach((containerPath, index) => {
      this.container.addMountPoints({ sourceVolume: scratchName(index), containerPath, readOnly: false });
    });
    this.collector = services.observability.enabled
      ? this.addCollector(props, definition, role, logGroup)
      : undefined;

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: cluster.vpc,
      description: `${name}: who may connect, and to whom it does`,
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'AWS services, and Sentry');
    this.service = this.makeService(props, definition, securityGroup, logGroup);
    this.connections = securityGroup.connections;

    this.scaling = this.service.autoScaleTaskCount({
      minCapacity: own.tasks.min,
      maxCapacity: own.tasks.max,
    });
    this.scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: own.scaling.cpuPercent, ...PACE });
    this.scaling.scaleOnMemoryUtilization('Memory', {
      targetUtilizationPercent: own.scaling.memoryPercent,
      ...PACE,
    });

    this.metrics = new WebServiceMetrics(this.service);
    this.alarms = alarmWebService(this, {
      name,
      metrics: this.metrics,
      minTasks: own.tasks.min,
      isCounted: services.containerInsights !== 'disabled',
      limits: platform.alarms.services,
    });
  }

  /** Makes more tasks when each has too many requests from the load balancer, and fewer when it has few. */
  scaleOnRequests(targetGroup: ApplicationTargetGroup): void {
    this.scaling.scaleOnRequestCount('Requests', {
      targetGroup,
      requestsPerTarget: this.requestsPerMinute,
      ...PACE,
    });
  }

  /** While a deployment goes on, any of these alarms takes it back. */
  rollBackOn(alarmNames: readonly string[]): void {
    this.service.enableDeploymentAlarms([...alarmNames], { behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM });
  }

  private defineTask(
    { cpu, memoryMiB }: EnvironmentConfig['services'][ServiceName],
    taskRole: Role,
    folders: readonly string[],
  ): ecs.FargateTaskDefinition {
    const definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      cpu,
      memoryLimitMiB: memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole,
      volumes: folders.map((_, index) => ({ name: scratchName(index) })),
    });
    acknowledge(
      definition,
      'AwsSolutions',
      'AwsSolutions-ECS2',
      'The variables are names, addresses and ARNs; the service reads its secrets itself.',
    );
    acknowledge(
      definition,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'The registry gives its log-in token for no repository in particular.',
    );
    return definition;
  }

  private addContainer(
    { name, services, image, ports }: WebServiceProps<Contract>,
    definition: ecs.FargateTaskDefinition,
    logGroup: LogGroup,
  ): ecs.ContainerDefinition {
    const { stop } = services[name];
    return definition.addContainer(name, {
      image: image.image,
      essential: true,
      user: USER,
      readonlyRootFilesystem: true,
      linuxParameters: dropAllCapabilities(this, { initProcess: true }),
      healthCheck: {
        command: HEALTH_COMMAND,
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(30),
      },
      stopTimeout: Duration.seconds(stop.killSeconds),
      logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: name }),
      portMappings: ports.map(({ name: portName, port }) => ({
        name: portName,
        containerPort: port,
        appProtocol: ecs.AppProtocol.http,
      })),
      environment: { ...this.variables },
    });
  }

  private addCollector(
    { platform, name, services, metrics }: WebServiceProps<Contract>,
    definition: ecs.FargateTaskDefinition,
    taskRole: Role,
    logGroup: LogGroup,
  ): Collector {
    const collector = new Collector(this, 'Collector', {
      platform,
      definition,
      taskRole,
      logGroup,
      metrics,
      region: Stack.of(this).region,
      service: name,
      observability: services.observability,
    });
    collector.startBefore(this.container);
    collector.addFailingAlarm();
    acknowledge(
      taskRole,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'X-Ray takes spans for no resource in particular.',
    );
    return collector;
  }

  private makeService(
    { name, services, cluster, foundAt }: WebServiceProps<Contract>,
    taskDefinition: ecs.FargateTaskDefinition,
    securityGroup: ec2.SecurityGroup,
    logGroup: LogGroup,
  ): ecs.FargateService {
    const { spotPercent, tasks } = services[name];
    return new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition,
      // How many there are is scaling's to say: with a count of its own each deployment would begin with that one.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: Duration.seconds(60),
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      capacityProviderStrategies: capacityProviders(spotPercent, tasks.min),
      enableExecuteCommand: services.shell,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      vpcSubnets: SUBNETS[services.subnets],
      assignPublicIp: services.subnets === 'public',
      securityGroups: [securityGroup],
      serviceConnectConfiguration: {
        ...(foundAt && {
          services: [
            { portMappingName: foundAt.name, dnsName: name, discoveryName: name, port: foundAt.port },
          ],
        }),
        logDriver: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'service-connect' }),
      },
    });
  }
}

/** More at once, fewer slowly: a peak has often a second one behind it. */
const PACE = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(5) };

/** What the agent behind `aws ecs execute-command` writes to, where the root is read-only. */
const SHELL_FOLDERS = ['/var/lib/amazon', '/var/log/amazon'];

const scratchName = (index: number) => `scratch-${index}`;

/** The floor is never Spot's, unless everything is: then the environment may be without tasks for a while. */
function capacityProviders(spotPercent: number, minTasks: number): ecs.CapacityProviderStrategy[] {
  const onDemand = { capacityProvider: 'FARGATE', base: minTasks, weight: 100 - spotPercent };
  if (spotPercent === 0) return [{ ...onDemand, weight: 1 }];
  if (spotPercent === 100) return [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
  return [onDemand, { capacityProvider: 'FARGATE_SPOT', weight: spotPercent }];
}

/** Drops what is not set: an environment carries text. */
function textValues(environment: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
