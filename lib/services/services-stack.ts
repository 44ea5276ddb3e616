import { Stack, type StackProps } from 'aws-cdk-lib';
import { type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { NamespaceType } from 'aws-cdk-lib/aws-servicediscovery';
import type { Construct } from 'constructs';
import type { FrontendEnvironment } from '../../services/frontend/src/environment';
import type { GatewayEnvironment } from '../../services/gateway/src/environment';
import type { EnvironmentConfig } from '../config';
import type { Cache } from '../database/cache';
import { type Postgres, POSTGRES_PORT } from '../database/postgres';
import { SUBNETS } from '../network/subnets';
import type { PlatformSecrets } from '../secrets/platform-secrets';
import { FailureQueue } from '../shared/failure-queue';
import { platformSettings } from '../shared/platform-settings';
import { DeploymentFailures } from './deployment-failures';
import { Edge } from './edge';
import { addFrontend, FRONTEND_PORT } from './frontend';
import { addGateway, GATEWAY_PORT, gatewaySecrets } from './gateway';
import { Migrations } from './migrations';
import { pageForEdge, pageForService } from './pages';
import { ServiceImage } from './service-image';
import { ServicesOperationsParameter } from './services-operations-parameter';
import { ServicesOperatorAccess } from './services-operator-access';
import type { WebService } from './web-service';

export interface ServicesStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
  readonly postgres: Postgres;
  readonly cache: Cache;
  readonly secrets: PlatformSecrets;
}

/** What people use: the gateway and the frontend behind one address, and the migrations that come before a new gateway. */
export class ServicesStack extends Stack {
  readonly cluster: ecs.ICluster;
  readonly edge: Edge;
  readonly gateway: WebService<typeof GatewayEnvironment>;
  readonly frontend: WebService<typeof FrontendEnvironment>;
  readonly migrations: Migrations;

  constructor(scope: Construct, id: string, props: ServicesStackProps) {
    super(scope, id, props);
    const { config, vpc, postgres, cache, secrets } = props;
    const { services } = config;
    const platform = platformSettings(config);
    this.cluster = this.makeCluster(vpc, config);
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'services' });
    this.edge = new Edge(this, 'Edge', { platform, vpc, edge: config.edge, domain: config.domain });

    const image = new ServiceImage(this, 'GatewayImage', {
      service: 'gateway',
      given: services.gateway.image,
    });
    const frontendImage = new ServiceImage(this, 'FrontendImage', {
      service: 'frontend',
      given: services.frontend.image,
    });
    const common = { platform, config, cluster: this.cluster, postgres, cache, secrets, image };
    this.gateway = addGateway(this, 'Gateway', common);
    this.frontend = addFrontend(this, 'Frontend', {
      platform,
      config,
      cluster: this.cluster,
      gateway: this.gateway,
      origin: this.edge.origin,
      image: frontendImage,
    });
    this.openToTheInternet();

    this.migrations = new Migrations(this, 'Migrations', {
      platform,
      vpc,
      failureQueue,
      cluster: this.cluster,
      subnets: SUBNETS[services.subnets],
      image: image.image,
      environment: this.gateway.variables,
      secrets: gatewaySecrets(common),
    });
    this.migrations.connections.allowTo(postgres, Port.tcp(POSTGRES_PORT), 'The migrations');
    this.gateway.service.node.addDependency(this.migrations.resource);

    new DeploymentFailures(this, 'DeploymentFailures', {
      platform,
      serviceArns: [this.gateway, this.frontend].map(({ service }) => service.serviceArn),
    });
    new ServicesOperationsParameter(this, 'Operations', config.name, [
      { name: 'gateway', service: this.gateway.service, version: image.version },
      { name: 'frontend', service: this.frontend.service, version: frontendImage.version },
    ]);
    new ServicesOperatorAccess(this, 'OperatorAccess', { platform, cluster: this.cluster });
  }

  private makeCluster(vpc: IVpc, { name, services }: EnvironmentConfig): ecs.ICluster {
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: {
        enabled: ecs.ContainerInsights.ENABLED,
        enhanced: ecs.ContainerInsights.ENHANCED,
        disabled: ecs.ContainerInsights.DISABLED,
      }[services.containerInsights],
      enableFargateCapacityProviders: true,
      defaultCloudMapNamespace: {
        // Cloud Map makes no names of its own.
        name: `golive-${name}`,
        type: NamespaceType.HTTP,
        useForServiceConnect: true,
      },
    });
    // aws-cdk-lib's own types do not hold under exactOptionalPropertyTypes.
    return cluster as ecs.ICluster;
  }

  private openToTheInternet(): void {
    const { edge, gateway, frontend } = this;
    const open = (
      id: string,
      service: Pick<
        typeof gateway,
        'service' | 'container' | 'drain' | 'scaleOnRequests' | 'rollBackOn' | 'alarms'
      >,
      port: number,
      pathPatterns?: readonly string[],
    ) => {
      const targets = edge.addTargets(id, {
        service: service.service,
        containerName: service.container.containerName,
        port,
        ...(pathPatterns && { pathPatterns }),
        healthCheckPath: '/health/ready',
        deregistrationDelay: service.drain,
      });
      service.scaleOnRequests(targets);
      // Not those of hosts that are not healthy: a deployment begins with one.
      const alarms = edge.alarmsOf(targets);
      service.rollBackOn([alarms.errors, alarms.slow].map(({ alarmName }) => alarmName));
      return pageForService(this, `${id}-unwell`, { name: id, targets: alarms, service: service.alarms });
    };
    const pages = [
      open('gateway', gateway, GATEWAY_PORT.port, ['/api/*']),
      open('frontend', frontend, FRONTEND_PORT.port),
    ];
    pageForEdge(this, 'edge-unwell', edge.alarms, pages);
  }
}
