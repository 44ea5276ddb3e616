import type { ECSClient } from '@aws-sdk/client-ecs';
import { ServiceUnreadableError } from './errors';
import type { ServiceFacts } from './facts';
import { judgeService, type ServiceFinding } from './judge';
import { observeService } from './observe';
import type { ServiceOperations, ServicesOperations } from './operations';

/** Whether what was deployed is what runs. Times are UTC, ISO 8601. */
export interface ServicesReport {
  readonly environment: string;
  readonly observedAt: string;
  readonly status: ServiceReport['status'];
  readonly services: readonly ServiceReport[];
}

export interface ServiceReport {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'critical';
  readonly serviceArn: string;
  /** Which build was deployed: the image's digest, or the hash of what it was built from. */
  readonly version: string;
  /** What the stack deployed, ARN with revision. */
  readonly deployedTaskDefinition: string;
  /** What ECS is to run. Absent: there is no such service, or it could not be read. */
  readonly actualTaskDefinition?: string;
  readonly tasks?: { readonly desired: number; readonly running: number; readonly pending: number };
  /** The newest of the last thirty days. */
  readonly lastDeployment?: {
    readonly status: string;
    readonly createdAt: string;
    readonly taskDefinition?: string;
    readonly reason?: string;
  };
  /** What the tasks run, by container. */
  readonly images?: readonly {
    readonly container: string;
    readonly image: string;
    readonly digest?: string;
  }[];
  /** The worst first. */
  readonly findings: readonly ServiceFinding[];
}

/**
 * Compares what ECS runs with what the Services stack deployed, service by service; one that cannot be read is named,
 * and hides no other. ECS rolls back by itself, and a tool that asks nobody but itself reports a success then.
 */
export async function servicesDeployed(
  ecs: ECSClient,
  { environment, services }: ServicesOperations,
  now: () => Date,
): Promise<ServicesReport> {
  const observedAt = now();
  const reports: ServiceReport[] = [];
  for (const deployed of services) {
    reports.push(
      await observeService(ecs, deployed, observedAt).then(reportOf, (error: unknown) =>
        unreadable(deployed, error),
      ),
    );
  }
  return {
    environment,
    observedAt: observedAt.toISOString(),
    status: worstOf(reports),
    services: reports,
  };
}

function reportOf(facts: ServiceFacts): ServiceReport {
  const { deployed, service } = facts;
  const findings = judgeService(facts);
  const [last] = service?.deployments ?? [];
  return {
    ...identityOf(deployed),
    status: worstOf(findings),
    ...(service && {
      actualTaskDefinition: service.taskDefinitionArn,
      tasks: { desired: service.desired, running: service.running, pending: service.pending },
      images: imagesOf(service.tasks),
    }),
    ...(last && {
      lastDeployment: {
        status: last.status,
        createdAt: last.createdAt.toISOString(),
        ...(last.taskDefinitionArn !== undefined && { taskDefinition: last.taskDefinitionArn }),
        ...(last.reason !== undefined && { reason: last.reason }),
      },
    }),
    findings,
  };
}

function unreadable(deployed: ServiceOperations, error: unknown): ServiceReport {
  if (!(error instanceof ServiceUnreadableError)) throw error;
  // Nobody knows that anything is wrong, and nobody that all is well.
  return {
    ...identityOf(deployed),
    status: 'warning',
    findings: [{ code: 'unknown', status: 'warning', detail: error.message }],
  };
}

function identityOf({ name, serviceArn, version, taskDefinitionArn }: ServiceOperations) {
  return { name, serviceArn, version, deployedTaskDefinition: taskDefinitionArn };
}

function imagesOf(
  tasks: NonNullable<ServiceFacts['service']>['tasks'],
): NonNullable<ServiceReport['images']> {
  const images = tasks.flatMap(({ containers }) =>
    containers.map(({ name, image, digest }) => ({
      container: name,
      image,
      ...(digest !== undefined && { digest }),
    })),
  );
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
}

function worstOf(parts: readonly { readonly status: ServiceReport['status'] }[]): ServiceReport['status'] {
  return (
    (['critical', 'warning'] as const).find((status) => parts.some((part) => part.status === status)) ?? 'ok'
  );
}
