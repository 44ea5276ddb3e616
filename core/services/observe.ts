import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  paginateListTasks,
  type ECSClient,
  type ServiceDeployment,
  type ServiceDeploymentBrief,
  type ServiceRevision,
  type Task,
} from '@aws-sdk/client-ecs';
import { inChunks } from '../shared/in-chunks';
import { ServiceUnreadableError } from './errors';
import type { DeploymentFact, ServiceFacts, TaskFact } from './facts';
import type { ServiceOperations } from './operations';

const THIRTY_DAYS_MS = 30 * 86_400_000;
/** What DescribeTasks takes at once. */
const TASKS_AT_ONCE = 100;
/** What DescribeServiceDeployments and DescribeServiceRevisions take at once; older ones tell nothing more. */
const DEPLOYMENTS_AT_ONCE = 20;

/**
 * Reads what ECS runs as a service, and how its deployments ended.
 *
 * @throws ServiceUnreadableError
 */
export async function observeService(
  ecs: ECSClient,
  deployed: ServiceOperations,
  now: Date,
): Promise<ServiceFacts> {
  const { clusterArn: cluster, serviceArn } = deployed;
  try {
    const answer = await ecs.send(new DescribeServicesCommand({ cluster, services: [serviceArn] }));
    const service = answer.services?.find(({ status }) => status === 'ACTIVE');
    const hidden = answer.failures?.find(({ reason }) => reason !== 'MISSING');
    if (hidden) throw new Error(`${hidden.arn}: ${hidden.reason} ${hidden.detail ?? ''}`.trim());
    if (!service) return { deployed };
    const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
    const taskDefinitionArn = primary?.taskDefinition ?? service.taskDefinition ?? '';
    const [history, tasks, definedImages] = await Promise.all([
      readHistory(ecs, deployed, now),
      readTasks(ecs, deployed),
      readImages(ecs, deployed.taskDefinitionArn),
    ]);
    return {
      deployed,
      service: {
        desired: service.desiredCount ?? 0,
        running: service.runningCount ?? 0,
        pending: service.pendingCount ?? 0,
        taskDefinitionArn,
        deployments: history.deployments,
        tasks,
        definedImages,
        resolvedDigests: digestsOf(history, taskDefinitionArn),
      },
    };
  } catch (error) {
    throw new ServiceUnreadableError(deployed.name, error);
  }
}

interface History {
  readonly deployments: readonly DeploymentFact[];
  /** Of the same deployments, as far as ECS still has them. */
  readonly revisions: readonly (ServiceRevision | undefined)[];
}

async function readHistory(
  ecs: ECSClient,
  { clusterArn: cluster, serviceArn: service }: ServiceOperations,
  now: Date,
): Promise<History> {
  const briefs: ServiceDeploymentBrief[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecs.send(
      new ListServiceDeploymentsCommand({
        cluster,
        service,
        createdAt: { after: new Date(now.getTime() - THIRTY_DAYS_MS) },
        maxResults: 100,
        nextToken,
      }),
    );
    briefs.push(...(page.serviceDeployments ?? []));
    ({ nextToken } = page);
  } while (nextToken !== undefined);

  const newest = briefs
    .sort((one, other) => (other.createdAt?.getTime() ?? 0) - (one.createdAt?.getTime() ?? 0))
    .slice(0, DEPLOYMENTS_AT_ONCE);
  if (newest.length === 0) return { deployments: [], revisions: [] };
  const [described, revisions] = await Promise.all([
    ecs.send(
      new DescribeServiceDeploymentsCommand({
        serviceDeploymentArns: newest.flatMap(({ serviceDeploymentArn }) => serviceDeploymentArn ?? []),
      }),
    ),
    ecs.send(
      new DescribeServiceRevisionsCommand({
        serviceRevisionArns: [
          ...new Set(newest.flatMap(({ targetServiceRevisionArn }) => targetServiceRevisionArn ?? [])),
        ],
      }),
    ),
  ]);
  const revisionOf = ({ targetServiceRevisionArn }: ServiceDeploymentBrief) =>
    revisions.serviceRevisions?.find(
      ({ serviceRevisionArn }) => serviceRevisionArn === targetServiceRevisionArn,
    );
  return {
    revisions: newest.map(revisionOf),
    deployments: newest.map((brief) =>
      deploymentOf(
        brief,
        described.serviceDeployments?.find(
          ({ serviceDeploymentArn }) => serviceDeploymentArn === brief.serviceDeploymentArn,
        ),
        revisionOf(brief)?.taskDefinition,
      ),
    ),
  };
}

function deploymentOf(
  brief: ServiceDeploymentBrief,
  deployment: ServiceDeployment | undefined,
  taskDefinitionArn: string | undefined,
): DeploymentFact {
  const reason = reasonOf(deployment) ?? brief.statusReason;
  return {
    status: brief.status ?? 'PENDING',
    createdAt: brief.createdAt ?? new Date(0),
    ...(taskDefinitionArn !== undefined && { taskDefinitionArn }),
    ...(reason !== undefined && { reason }),
  };
}

/** What made ECS take it back: alarms by their names, which its own words leave out. */
function reasonOf(deployment: ServiceDeployment | undefined): string | undefined {
  const triggered = deployment?.alarms?.triggeredAlarmNames ?? [];
  const said = [
    ...(triggered.length > 0 ? [`alarm ${triggered.join(', ')}`] : []),
    ...(deployment?.deploymentCircuitBreaker?.status === 'TRIGGERED' ? ['the circuit breaker'] : []),
    ...[deployment?.rollback?.reason ?? deployment?.statusReason].filter((text) => text !== undefined),
  ];
  return said.length > 0 ? said.join('; ') : undefined;
}

async function readTasks(
  ecs: ECSClient,
  { clusterArn: cluster, serviceArn: serviceName }: ServiceOperations,
): Promise<TaskFact[]> {
  const arns: string[] = [];
  const pages = paginateListTasks({ client: ecs }, { cluster, serviceName, desiredStatus: 'RUNNING' });
  for await (const page of pages) arns.push(...(page.taskArns ?? []));
  const tasks: Task[] = [];
  for (const chunk of inChunks(arns, TASKS_AT_ONCE)) {
    // One that has ended since it was listed is among the failures, and is no task of ours any more.
    const answer = await ecs.send(new DescribeTasksCommand({ cluster, tasks: chunk }));
    tasks.push(...(answer.tasks ?? []));
  }
  return tasks
    .filter(({ lastStatus }) => lastStatus === 'RUNNING')
    .map(({ taskDefinitionArn = '', healthStatus, containers = [] }) => ({
      taskDefinitionArn,
      isUnhealthy: healthStatus === 'UNHEALTHY',
      containers: containers.map(({ name = '', image = '', imageDigest }) => ({
        name,
        image,
        ...(imageDigest !== undefined && { digest: imageDigest }),
      })),
    }));
}

async function readImages(ecs: ECSClient, taskDefinition: string): Promise<Map<string, string>> {
  const answer = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  return new Map(
    answer.taskDefinition?.containerDefinitions?.map(({ name = '', image = '' }) => [name, image]),
  );
}

/** From the newest deployment of what runs that ended well. A tag means at each deployment what it meant at its start. */
function digestsOf({ deployments, revisions }: History, taskDefinitionArn: string): Map<string, string> {
  const index = deployments.findIndex(
    (deployment) => deployment.status === 'SUCCESSFUL' && deployment.taskDefinitionArn === taskDefinitionArn,
  );
  return new Map(
    revisions[index]?.containerImages?.flatMap(({ containerName, imageDigest }) =>
      containerName !== undefined && imageDigest !== undefined ? [[containerName, imageDigest] as const] : [],
    ),
  );
}
