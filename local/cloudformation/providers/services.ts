import { z } from 'zod';
import { LocalLoadBalancer } from '../../edge/load-balancer';
import { TargetGroup } from '../../edge/target-group';
import { TaskDefinitionProperties, type TaskDefinition } from '../../services/definition';
import { TOLD_DIFFERENTLY } from '../../services/differences';
import type { ServicesParts } from '../../services/parts';
import { planOf } from '../../services/plan';
import { LocalService, type ServiceTarget } from '../../services/service';
import type { TaskPlan } from '../../services/task';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type MadeResource, type PlatformParts, type Provider } from '../provider';

/** What is said of the services, and of what stands before them, where nobody asked for them. */
export const NOT_RUN: Pick<MadeResource, 'treatment' | 'note'> = {
  treatment: 'modelled',
  note: 'the services are not run unless they are asked for: startPlatform({ services: true }), as npm run local does',
};

/** What comes in between two services of one cluster may go on for so long when a task goes. */
const PEERS_DRAIN_MS = 20_000;

export const taskDefinitionProvider: Provider = {
  treatment: 'modelled',
  note: 'a process stands for a task of it where a service or the migrations run; size, user, read-only root and capabilities have no effect on one',
  make(request, { taskDefinitions }) {
    const { ContainerDefinitions } = TaskDefinitionProperties.parse(request.properties);
    const arn = `arn:aws:ecs::local:task-definition/${physicalName(request)}:1`;
    const { path, dockerfiles } = request;
    taskDefinitions.set(arn, { arn, path, dockerfiles, containers: ContainerDefinitions });
    return Promise.resolve({ ref: arn, attributes: { TaskDefinitionArn: arn } });
  },
};

const ServiceProperties = z.object({
  TaskDefinition: z.string(),
  DesiredCount: z.number().default(1),
  HealthCheckGracePeriodSeconds: z.number().default(60),
  LoadBalancers: z
    .array(
      z.strictObject({
        ContainerName: z.string(),
        ContainerPort: z.number(),
        TargetGroupArn: z.string(),
      }),
    )
    .min(1, 'a service without a load balancer is not played: its tasks would never be known to be ready'),
  ServiceConnectConfiguration: z
    .object({
      Services: z
        .array(
          z.object({
            PortName: z.string(),
            ClientAliases: z.array(z.object({ DnsName: z.string(), Port: z.number() })).length(1),
          }),
        )
        .default([]),
    })
    .default({ Services: [] }),
  ...withoutEffect(
    'AvailabilityZoneRebalancing',
    'CapacityProviderStrategy',
    'Cluster',
    'DeploymentConfiguration',
    'EnableECSManagedTags',
    'EnableExecuteCommand',
    'LaunchType',
    'NetworkConfiguration',
    'PlatformVersion',
    'PropagateTags',
    'ServiceName',
    'Tags',
  ),
});

export const serviceProvider: Provider = {
  treatment: 'executed',
  note: 'a process',
  async make(request, parts) {
    const properties = strictly(ServiceProperties, request);
    const { services, region, account, progress } = parts;
    const name = physicalName(request);
    const arn = `arn:aws:ecs:${region}:${account}:service/local/${name}`;
    const made = { ref: arn, attributes: { Name: name, ServiceArn: arn } };
    if (!services) return { ...made, ...NOT_RUN };
    const plan = await planFor(properties.TaskDefinition, request.path, parts, services);
    progress(`starting ${plan.name}`);
    const service = new LocalService({
      supervisor: parts.supervisor,
      plan,
      surroundings: services.surroundings,
      targets: properties.LoadBalancers.map(({ TargetGroupArn, ContainerPort }) => {
        const group = services.targetGroups.get(TargetGroupArn);
        if (!group) throw new TemplateError(`${request.path}: there is no target group ${TargetGroupArn}`);
        return { group, containerPort: ContainerPort };
      }),
      peers: await openNames(properties, plan, services, request.path),
      graceMs: properties.HealthCheckGracePeriodSeconds * 1000,
      progress,
    });
    services.services.set(plan.name, service);
    await service.start();
    return {
      ...made,
      note: `the bundle that its image holds runs in one process, in production; told differently: ${TOLD_DIFFERENTLY}. One task, replaced when it ends; no scaling, no isolation, no deployment alarms, and of the collector only that it takes traces`,
    };
  },
};

async function planFor(
  arn: string,
  path: string,
  { taskDefinitions, progress }: PlatformParts,
  { builds }: ServicesParts,
): Promise<TaskPlan> {
  const definition: TaskDefinition | undefined = taskDefinitions.get(arn);
  if (!definition) throw new TemplateError(`${path}: there is no task definition ${arn}`);
  progress(`waiting for the build of ${definition.path.split('/')[2] ?? definition.path}`);
  return await planOf(definition, builds);
}

/** An address for each name that the service is found under by others. */
async function openNames(
  { ServiceConnectConfiguration }: z.output<typeof ServiceProperties>,
  { definition }: TaskPlan,
  { names }: ServicesParts,
  path: string,
): Promise<ServiceTarget[]> {
  return await Promise.all(
    ServiceConnectConfiguration.Services.map(async ({ PortName, ClientAliases: [alias] }) => {
      const mapped = definition.PortMappings.find(({ Name }) => Name === PortName);
      if (!mapped) throw new TemplateError(`${path}: ${definition.Name} has no port called ${PortName}`);
      const name = `${alias!.DnsName}:${alias!.Port}`;
      const balancer = await LocalLoadBalancer.open({ kind: 'mesh' });
      const group = new TargetGroup({ name, deregistrationDelayMs: PEERS_DRAIN_MS });
      balancer.listen({ kind: 'forward', group });
      names.set(name, { balancer, group });
      return { group, containerPort: mapped.ContainerPort };
    }),
  );
}
