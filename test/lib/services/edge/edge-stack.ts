import { Duration, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Alarms } from '../../../../lib/config/alarms-schema';
import type { EnvironmentConfig } from '../../../../lib/config';
import { Edge, type TargetsProps } from '../../../../lib/services/edge';
import type { PlatformSettings } from '../../../../lib/shared/platform-settings';
import { makeApp } from '../../support/synthesis';

export const ACCOUNT = '111111111111';
export const REGION = 'eu-central-1';
export const ZONE = { id: 'Z0123456789ABCDEFGHIJ', name: 'golive.example' };
export const CERTIFICATE = `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef`;

export const platform: PlatformSettings = {
  environmentName: 'test',
  logLevel: 'INFO',
  logRetentionDays: 14,
  removalPolicy: RemovalPolicy.RETAIN,
  alarms: Alarms.parse({}),
};

/** With a domain, a zone and a firewall. */
export const SECURE: EnvironmentConfig['edge'] = {
  hostedZone: ZONE,
  plainHttp: false,
  deletionProtection: true,
  waf: { requestsPer5Minutes: 3000, loginsPer5Minutes: 50 },
};

/** As on one machine. */
export const PLAIN: EnvironmentConfig['edge'] = { plainHttp: true, deletionProtection: false };

export interface EdgeStack {
  readonly stack: Stack;
  readonly cluster: ecs.ICluster;
  readonly edge: Edge;
  /** An ECS service as anybody would make it. */
  readonly service: (name: string, port: number) => ecs.FargateService;
  /** The same, behind the edge. */
  readonly behind: (id: string, more?: Partial<TargetsProps>) => ReturnType<Edge['addTargets']>;
  readonly template: () => Template;
}

/** An edge in a stack of its own, with plain ECS services. */
export function edgeStack(edgeConfig = SECURE, domain: string | null = 'golive.example'): EdgeStack {
  const stage = new Stage(makeApp(), 'stage', { env: { account: ACCOUNT, region: REGION } });
  const network = new Stack(stage, 'Network');
  const vpc = new ec2.Vpc(network, 'Vpc', {
    availabilityZones: [`${REGION}a`, `${REGION}b`],
    restrictDefaultSecurityGroup: false,
  });
  const stack = new Stack(stage, 'Services');
  // aws-cdk-lib's own types do not hold under exactOptionalPropertyTypes.
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc: vpc as IVpc }) as ecs.ICluster;
  const edge = new Edge(stack, 'Edge', {
    platform,
    vpc: vpc as IVpc,
    edge: edgeConfig,
    domain: domain ?? undefined,
  });
  const service = (name: string, port: number) => {
    const taskDefinition = new ecs.FargateTaskDefinition(stack, `${name}Task`);
    taskDefinition.addContainer('web', {
      image: ecs.ContainerImage.fromRegistry('web@sha256:0'),
      portMappings: [{ containerPort: port }],
      logging: new ecs.AwsLogDriver({ streamPrefix: 'web' }),
    });
    return new ecs.FargateService(stack, name, {
      cluster,
      taskDefinition,
      minHealthyPercent: 100,
      circuitBreaker: { rollback: true },
    });
  };
  return {
    stack,
    cluster,
    edge,
    service,
    behind: (id, more = {}) =>
      edge.addTargets(id, {
        service: service(`${id}Service`, more.port ?? 8080),
        containerName: 'web',
        port: 8080,
        healthCheckPath: '/health/ready',
        deregistrationDelay: Duration.seconds(20),
        ...more,
      }),
    template: () => Template.fromStack(stack),
  };
}

/** The attributes of a load balancer, target group or listener, by their keys. */
export function attributesOf(template: Template, type: string, name: string): Record<string, unknown>[] {
  return Object.values(template.findResources(type)).map(({ Properties }) =>
    Object.fromEntries(
      ((Properties as Record<string, { Key: string; Value: unknown }[]>)[name] ?? []).map(
        ({ Key, Value }) => [Key, Value],
      ),
    ),
  );
}
