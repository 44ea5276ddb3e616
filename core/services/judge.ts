import { counted } from '../shared/units';
import type { DeploymentFact, DeploymentStatus, ServiceFacts, ServiceState, TaskFact } from './facts';
import type { ServiceOperations } from './operations';

/** What is not in order with a service. */
export interface ServiceFinding {
  readonly code: FindingCode;
  readonly status: 'warning' | 'critical';
  /** A sentence for people. */
  readonly detail: string;
}

export type FindingCode =
  /** ECS knows no such service. */
  | 'missing'
  /** ECS is to run another task definition than the stack deployed. */
  | 'other-version'
  /** A deployment failed, and what ran before runs again. */
  | 'rolled-back'
  /** A deployment failed, and so did going back. */
  | 'rollback-failed'
  /** Somebody stopped a deployment. */
  | 'stopped'
  /** A deployment goes on. */
  | 'in-progress'
  | 'too-few-tasks'
  | 'no-tasks-wanted'
  /** Tasks of another version still run, and nothing replaces them. */
  | 'old-tasks'
  /** A task runs another image than its task definition names, or than ECS deployed. */
  | 'other-image'
  | 'unhealthy'
  /** It could not be read, or not all of it. */
  | 'unknown';

const GOING_ON: ReadonlySet<DeploymentStatus> = new Set([
  'PENDING',
  'IN_PROGRESS',
  'STOP_REQUESTED',
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
]);
const TAKEN_BACK: ReadonlySet<DeploymentStatus> = new Set([
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_SUCCESSFUL',
  'ROLLBACK_FAILED',
]);

/** Everything that is not in order with a service, the worst first. Nothing is: what was deployed is what runs. */
export function judgeService({ deployed, service }: ServiceFacts): ServiceFinding[] {
  if (!service) {
    return [
      { code: 'missing', status: 'critical', detail: `ECS knows no active service ${deployed.serviceArn}` },
    ];
  }
  const findings = [
    judgeVersion(deployed, service),
    judgeLastDeployment(deployed, service),
    judgeTasks(service),
    judgeOldTasks(deployed, service),
    judgeListed(service),
    judgeImages(deployed, service),
    judgeHealth(service.tasks),
  ].filter((finding) => finding !== undefined);
  return [
    ...findings.filter(({ status }) => status === 'critical'),
    ...findings.filter(({ status }) => status === 'warning'),
  ];
}

function judgeVersion(
  { taskDefinitionArn: wanted }: ServiceOperations,
  { taskDefinitionArn: actual, deployments }: ServiceState,
): ServiceFinding | undefined {
  if (actual === wanted) return undefined;
  const failed = deployments.find(
    ({ status, taskDefinitionArn }) => taskDefinitionArn === wanted && TAKEN_BACK.has(status),
  );
  return {
    code: 'other-version',
    status: 'critical',
    detail:
      `ECS runs ${short(actual)}, and the stack deployed ${short(wanted)}` +
      (failed ? `, which ECS took back ${at(failed)}` : ''),
  };
}

/** The newest deployment, and any that was to bring a later version than the one that runs. */
function judgeLastDeployment(
  deployed: ServiceOperations,
  { deployments, taskDefinitionArn }: ServiceState,
): ServiceFinding | undefined {
  const [newest] = deployments;
  if (!newest) return undefined;
  if (GOING_ON.has(newest.status)) {
    return {
      code: 'in-progress',
      status: 'warning',
      detail: `a deployment of ${named(newest)} goes on (${newest.status}) since ${newest.createdAt.toISOString()}`,
    };
  }
  if (newest.status === 'ROLLBACK_FAILED') {
    return {
      code: 'rollback-failed',
      status: 'critical',
      detail: `${named(newest)} failed, and so did going back, ${at(newest)}`,
    };
  }
  if (newest.status === 'STOPPED') {
    return {
      code: 'stopped',
      status: 'warning',
      detail: `a deployment of ${named(newest)} was stopped ${at(newest)}`,
    };
  }
  const failed =
    newest.status === 'ROLLBACK_SUCCESSFUL'
      ? newest
      : deployments.find(
          (deployment) =>
            TAKEN_BACK.has(deployment.status) && isLater(deployment.taskDefinitionArn, taskDefinitionArn),
        );
  if (!failed) return undefined;
  // When ECS runs another version than was deployed, the finding about that tells it already.
  const isTold =
    failed.taskDefinitionArn === deployed.taskDefinitionArn && taskDefinitionArn !== failed.taskDefinitionArn;
  return isTold ? undefined : rolledBack(failed);
}

function rolledBack(deployment: DeploymentFact): ServiceFinding {
  return {
    code: 'rolled-back',
    status: 'warning',
    detail: `${named(deployment)} was taken back ${at(deployment)}`,
  };
}

function judgeTasks({ desired, running, pending }: ServiceState): ServiceFinding | undefined {
  if (desired === 0) {
    return { code: 'no-tasks-wanted', status: 'warning', detail: 'no task is wanted: it is scaled to none' };
  }
  if (running >= desired) return undefined;
  return {
    code: 'too-few-tasks',
    status: running === 0 ? 'critical' : 'warning',
    detail: `running tasks: ${running} of ${desired}${pending > 0 ? `, ${pending} starting` : ''}`,
  };
}

/** What nobody has looked at is not known to be right. */
function judgeListed({ running, tasks }: ServiceState): ServiceFinding | undefined {
  return running === 0 || tasks.length > 0
    ? undefined
    : {
        code: 'unknown',
        status: 'warning',
        detail: `ECS counts ${counted(running, 'running task')} and lists none, so what they run is not known`,
      };
}

function judgeOldTasks(
  { taskDefinitionArn: wanted }: ServiceOperations,
  { tasks, deployments, taskDefinitionArn }: ServiceState,
): ServiceFinding | undefined {
  // Another version altogether is told of already, and a deployment is there to replace them.
  if (taskDefinitionArn !== wanted || (deployments[0] && GOING_ON.has(deployments[0].status))) {
    return undefined;
  }
  const others = tasks.filter((task) => task.taskDefinitionArn !== wanted);
  if (others.length === 0) return undefined;
  const versions = [...new Set(others.map((task) => short(task.taskDefinitionArn)))];
  return {
    code: 'old-tasks',
    status: 'critical',
    detail: `tasks with ${versions.join(', ')} instead of ${short(wanted)}: ${others.length} of ${tasks.length}`,
  };
}

function judgeImages(
  { taskDefinitionArn: wanted }: ServiceOperations,
  { tasks, definedImages, resolvedDigests }: ServiceState,
): ServiceFinding | undefined {
  const seen = new Map<string, Set<string>>();
  const wrong: string[] = [];
  for (const { taskDefinitionArn, containers } of tasks) {
    if (taskDefinitionArn !== wanted) continue;
    for (const { name, image, digest } of containers) {
      const defined = definedImages.get(name);
      // What AWS adds to a task, such as the proxy of Service Connect, is in no task definition.
      if (defined === undefined) continue;
      if (image !== defined) wrong.push(`${name} runs ${image} and not ${defined}`);
      if (digest === undefined) continue;
      const digests = seen.get(name) ?? new Set();
      seen.set(name, digests.add(digest));
      const resolved = resolvedDigests.get(name);
      if (resolved !== undefined && digest !== resolved) {
        wrong.push(`${name} runs ${digest} and not ${resolved}, which was deployed`);
      }
    }
  }
  for (const [name, digests] of seen) {
    if (digests.size > 1 && !resolvedDigests.has(name)) {
      wrong.push(`the tasks of one version run ${counted(digests.size, 'image')} as ${name}`);
    }
  }
  return wrong.length === 0
    ? undefined
    : { code: 'other-image', status: 'critical', detail: [...new Set(wrong)].join('; ') };
}

function judgeHealth(tasks: readonly TaskFact[]): ServiceFinding | undefined {
  const count = tasks.filter(({ isUnhealthy }) => isUnhealthy).length;
  return count === 0
    ? undefined
    : {
        code: 'unhealthy',
        status: 'warning',
        detail: `unhealthy tasks, by their own health check: ${count} of ${tasks.length}`,
      };
}

/** `gateway:12` of an ARN. */
export function short(taskDefinitionArn: string): string {
  return taskDefinitionArn.split('/').at(-1) ?? taskDefinitionArn;
}

/** Whether one is a later revision of the other's family. */
function isLater(one: string | undefined, other: string): boolean {
  const [family, revision] = (one ?? '').split(/:(?=\d+$)/);
  const [otherFamily, otherRevision] = other.split(/:(?=\d+$)/);
  return family === otherFamily && Number(revision) > Number(otherRevision);
}

function named({ taskDefinitionArn }: DeploymentFact): string {
  return taskDefinitionArn === undefined
    ? 'a version that ECS does not know any more'
    : short(taskDefinitionArn);
}

function at({ createdAt, reason }: DeploymentFact): string {
  return `(begun ${createdAt.toISOString()}${reason === undefined ? '' : `: ${reason}`})`;
}
