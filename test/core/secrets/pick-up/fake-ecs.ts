import {
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  UpdateServiceCommand,
  type Service,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';

export const CLUSTER = 'arn:aws:ecs:eu-west-1:123456789012:cluster/test';
export const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:golive/test/app-AbC123';
export const OTHER_SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:golive/test/jwt-XyZ789';

/** A task definition that gets these values at its start. */
export function injecting(...valueFrom: string[]): TaskDefinition {
  return {
    containerDefinitions: [
      { name: 'web', secrets: valueFrom.map((value, index) => ({ name: `S${index}`, valueFrom: value })) },
    ],
  };
}

export function ecsFault(name: string): Error {
  return Object.assign(new Error(`${name}: no`), { name });
}

/** One cluster as ECS tells of it. A new deployment replaces the primary one at once. */
export class FakeEcs {
  readonly mock = mockClient(ECSClient);
  readonly client = new ECSClient({});
  readonly services: Service[] = [];
  readonly definitions: Record<string, TaskDefinition> = {};
  /** By the service's clock. */
  now = new Date('2026-11-28T12:00:00Z');

  constructor() {
    this.mock.on(ListClustersCommand).resolves({ clusterArns: [CLUSTER] });
    this.mock.on(DescribeClustersCommand).resolves({
      clusters: [
        { clusterArn: CLUSTER, status: 'ACTIVE', tags: [{ key: 'golive:environment', value: 'test' }] },
        {
          clusterArn: `${CLUSTER}-other`,
          status: 'ACTIVE',
          tags: [{ key: 'golive:environment', value: 'prod' }],
        },
        {
          clusterArn: `${CLUSTER}-gone`,
          status: 'INACTIVE',
          tags: [{ key: 'golive:environment', value: 'test' }],
        },
      ],
    });
    this.mock.on(ListServicesCommand).callsFake(() => ({
      serviceArns: this.services.map(({ serviceArn }) => serviceArn),
    }));
    this.mock.on(DescribeServicesCommand).callsFake(({ services }: { services: string[] }) => ({
      services: this.services.filter(({ serviceArn }) => services.includes(serviceArn!)),
    }));
    this.mock
      .on(DescribeTaskDefinitionCommand)
      .callsFake(({ taskDefinition }: { taskDefinition: string }) => ({
        taskDefinition: this.definitions[taskDefinition],
      }));
    this.mock.on(UpdateServiceCommand).callsFake(({ service }: { service: string }) => {
      const found = this.services.find(({ serviceArn }) => serviceArn === service)!;
      found.deployments = [{ ...found.deployments![0], createdAt: this.now }];
      return {};
    });
  }

  addService(name: string, definition: TaskDefinition, createdAt: Date, more: Service = {}): Service {
    this.definitions[`${name}:1`] = definition;
    const service: Service = {
      serviceArn: `arn:aws:ecs:eu-west-1:123456789012:service/test/${name}`,
      serviceName: name,
      clusterArn: CLUSTER,
      status: 'ACTIVE',
      desiredCount: 2,
      runningCount: 2,
      taskDefinition: `${name}:1`,
      deployments: [{ status: 'PRIMARY', createdAt, runningCount: 2, taskDefinition: `${name}:1` }],
      ...more,
    };
    this.services.push(service);
    return service;
  }

  /** The names of the services of the cluster that were deployed anew. */
  deployed(): string[] {
    return this.mock
      .commandCalls(UpdateServiceCommand, { cluster: CLUSTER, forceNewDeployment: true })
      .map(({ args: [{ input }] }) => input.service!.split('/').at(-1)!);
  }
}
