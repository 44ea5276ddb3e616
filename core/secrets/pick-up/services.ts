import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  paginateListServices,
  type Deployment,
  type ECSClient,
  type Service,
  type TaskDefinition,
  type TaskSet,
} from '@aws-sdk/client-ecs';
import { inParallel } from '../../shared/in-parallel';
import { findClusters } from './clusters';
import { ServicesUnreadableError } from './errors';
import { inChunks } from '../../shared/in-chunks';
import { usesOf, type SecretUse } from './injection';

/** An ECS service and what it knows of our secrets. */
export interface ServiceFact {
  readonly clusterArn: string;
  readonly serviceArn: string;
  /** `gateway` */
  readonly name: string;
  /** Who replaces its tasks. We can only ask ECS itself. */
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  /** Whether it has tasks, or is to have some. */
  readonly isRunning: boolean;
  /** When the deployment that is to stay was created; undefined when there is none. */
  readonly primaryCreatedAt: Date | undefined;
  /** When the oldest deployment that still has tasks, or the primary one, was created. */
  readonly oldestCreatedAt: Date | undefined;
  /** Where its current task definition names one of the secrets. */
  readonly uses: readonly SecretUse[];
}

export interface ServicesRequest {
  readonly ecs: ECSClient;
  readonly environment: string;
  /** Empty: those that carry the environment's tag. */
  readonly clusters: readonly string[];
  /** Whole ARNs of the secrets to look for. */
  readonly secretArns: readonly string[];
}

/** What DescribeServices takes at once. */
const SERVICES_AT_ONCE = 10;

/** DescribeTaskDefinition tells of one, and ECS allows a burst of a hundred, then twenty a second. */
const DEFINITIONS_AT_ONCE = 4;

/**
 * Reads every service of the environment's clusters.
 *
 * @throws ServicesUnreadableError
 */
export async function listServices({
  ecs,
  environment,
  clusters: named,
  secretArns,
}: ServicesRequest): Promise<ServiceFact[]> {
  try {
    const clusters = named.length > 0 ? named : await findClusters(ecs, environment);
    const services: Service[] = [];
    for (const cluster of clusters) services.push(...(await servicesOf(ecs, cluster)));
    const definitions = await describeDefinitions(ecs, services);
    return services.map((service) =>
      factOf(service, definitions.get(definitionOf(service) ?? ''), secretArns),
    );
  } catch (error) {
    throw new ServicesUnreadableError(`the ECS services of ${environment} could not be listed`, error);
  }
}

async function servicesOf(ecs: ECSClient, cluster: string): Promise<Service[]> {
  const arns: string[] = [];
  const pages = paginateListServices({ client: ecs, pageSize: 100 }, { cluster });
  for await (const page of pages) arns.push(...(page.serviceArns ?? []));
  const services: Service[] = [];
  for (const chunk of inChunks(arns, SERVICES_AT_ONCE)) {
    const answer = await ecs.send(new DescribeServicesCommand({ cluster, services: chunk }));
    // One that was deleted since it was listed needs nothing; any other reason hides a service from us.
    const hidden = answer.failures?.find(({ reason }) => reason !== 'MISSING');
    if (hidden) throw new Error(`${hidden.arn}: ${hidden.reason} ${hidden.detail ?? ''}`.trim());
    services.push(...(answer.services ?? []).filter(({ status }) => status === 'ACTIVE'));
  }
  return services;
}

async function describeDefinitions(
  ecs: ECSClient,
  services: readonly Service[],
): Promise<Map<string, TaskDefinition>> {
  const names = new Set(services.flatMap((service) => definitionOf(service) ?? []));
  const found = new Map<string, TaskDefinition>();
  await inParallel(names, DEFINITIONS_AT_ONCE, async (taskDefinition) => {
    const answer = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    if (answer.taskDefinition) found.set(taskDefinition, answer.taskDefinition);
  });
  return found;
}

function factOf(
  service: Service,
  definition: TaskDefinition | undefined,
  secretArns: readonly string[],
): ServiceFact {
  const sets: readonly (Deployment | TaskSet)[] = rolloutsOf(service);
  const primary = primaryOf(service);
  const live = sets.filter((one) => one === primary || (one.runningCount ?? 0) > 0);
  const times = live.flatMap(({ createdAt }) => (createdAt ? [createdAt.getTime()] : []));
  return {
    clusterArn: service.clusterArn ?? '',
    serviceArn: service.serviceArn ?? '',
    name: service.serviceName ?? '',
    controller: service.deploymentController?.type ?? 'ECS',
    isRunning: (service.desiredCount ?? 0) + (service.runningCount ?? 0) + (service.pendingCount ?? 0) > 0,
    primaryCreatedAt: primary?.createdAt,
    oldestCreatedAt: times.length > 0 ? new Date(Math.min(...times)) : undefined,
    uses: definition ? usesOf(definition, secretArns) : [],
  };
}

/** What CODE_DEPLOY and EXTERNAL call a task set, ECS calls a deployment. */
function rolloutsOf({ deployments = [], taskSets = [] }: Service): readonly (Deployment | TaskSet)[] {
  return deployments.length > 0 ? deployments : taskSets;
}

function primaryOf(service: Service): Deployment | TaskSet | undefined {
  return rolloutsOf(service).find(({ status }) => status === 'PRIMARY');
}

function definitionOf(service: Service): string | undefined {
  return primaryOf(service)?.taskDefinition ?? service.taskDefinition;
}
