import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  type ServiceDeploymentStatus,
  type Task,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import type { ServiceOperations, ServicesOperations } from '../../../core/services';

const ACCOUNT = 'arn:aws:ecs:eu-central-1:123456789012';
export const NOW = new Date('2026-11-28T12:00:00Z');
export const ALARM = 'prod-Services-EdgegatewayErrorsAlarm';

/** `gateway:12` as an ARN. */
export const definition = (revision: number, family = 'gateway') =>
  `${ACCOUNT}:task-definition/${family}:${revision}`;

/** `sha256:…` of one letter. */
export const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

export interface FakeDeployment {
  readonly revision: number;
  readonly status: ServiceDeploymentStatus;
  /** Hours before {@link NOW}. */
  readonly hoursAgo: number;
  readonly reason?: string;
  readonly triggeredAlarms?: string[];
  readonly isBrokenByCircuit?: boolean;
  /** What the image's tag meant then. @default a */
  readonly letter?: string;
}

interface FakeTask {
  readonly revision: number;
  readonly image?: string;
  readonly letter?: string | undefined;
  readonly status?: string;
  readonly health?: 'HEALTHY' | 'UNHEALTHY';
}

/** One service as ECS tells of it: revision 12 was deployed three hours ago, and runs in two tasks. */
export class FakeService {
  readonly client = new ECSClient({ region: 'eu-central-1' });
  readonly mock = mockClient(this.client);
  isThere = true;
  desired = 2;
  running = 2;
  pending = 0;
  /** What ECS is to run. */
  revision = 12;
  deployments: readonly FakeDeployment[] = [{ revision: 12, status: 'SUCCESSFUL', hoursAgo: 3 }];
  tasks: readonly FakeTask[] = [{ revision: 12 }, { revision: 12 }];
  failures: { arn: string; reason: string }[] = [];

  readonly deployed: ServiceOperations = {
    name: 'gateway',
    clusterArn: `${ACCOUNT}:cluster/prod`,
    serviceArn: `${ACCOUNT}:service/prod/gateway`,
    taskDefinitionArn: definition(12),
    version: 'c0ffee',
  };

  constructor() {
    this.answer();
  }

  get operations(): ServicesOperations {
    return { servicesVersion: 1, environment: 'prod', services: [this.deployed] };
  }

  private answer(): void {
    const { mock } = this;
    mock.on(DescribeServicesCommand).callsFake(() => ({
      failures: this.failures,
      services: this.isThere
        ? [
            {
              serviceArn: this.deployed.serviceArn,
              status: 'ACTIVE',
              desiredCount: this.desired,
              runningCount: this.running,
              pendingCount: this.pending,
              taskDefinition: definition(this.revision),
              deployments: [{ status: 'PRIMARY', taskDefinition: definition(this.revision) }],
            },
          ]
        : [{ serviceArn: this.deployed.serviceArn, status: 'INACTIVE' }],
    }));
    // Two to a page, in no order that could be relied on.
    mock.on(ListServiceDeploymentsCommand).callsFake(({ nextToken = '0' }: { nextToken?: string }) => {
      const start = Number(nextToken);
      const page = [...this.deployments].reverse().slice(start, start + 2);
      return {
        serviceDeployments: page.map((one) => ({
          serviceDeploymentArn: arnOf(one),
          targetServiceRevisionArn: `revision-${arnOf(one)}`,
          status: one.status,
          createdAt: new Date(NOW.getTime() - one.hoursAgo * 3_600_000),
        })),
        ...(start + 2 < this.deployments.length && { nextToken: String(start + 2) }),
      };
    });
    mock
      .on(DescribeServiceDeploymentsCommand)
      .callsFake(({ serviceDeploymentArns }: { serviceDeploymentArns: string[] }) => ({
        serviceDeployments: this.deployments
          .filter((one) => serviceDeploymentArns.includes(arnOf(one)))
          .map((one) => ({
            serviceDeploymentArn: arnOf(one),
            ...(one.reason !== undefined && { rollback: { reason: one.reason } }),
            ...(one.triggeredAlarms && { alarms: { triggeredAlarmNames: one.triggeredAlarms } }),
            deploymentCircuitBreaker: { status: one.isBrokenByCircuit ? 'TRIGGERED' : 'MONITORING_COMPLETE' },
          })),
      }));
    mock
      .on(DescribeServiceRevisionsCommand)
      .callsFake(({ serviceRevisionArns }: { serviceRevisionArns: string[] }) => ({
        serviceRevisions: this.deployments
          .filter((one) => serviceRevisionArns.includes(`revision-${arnOf(one)}`))
          .map((one) => ({
            serviceRevisionArn: `revision-${arnOf(one)}`,
            taskDefinition: definition(one.revision),
            containerImages: [{ containerName: 'gateway', imageDigest: digest(one.letter ?? 'a') }],
          })),
      }));
    mock.on(ListTasksCommand).callsFake(() => ({ taskArns: this.tasks.map((_, index) => `task-${index}`) }));
    mock.on(DescribeTasksCommand).callsFake(({ tasks }: { tasks: string[] }) => ({
      tasks: tasks.map((arn) => taskOf(this.tasks[Number(arn.slice('task-'.length))]!)),
    }));
    mock.on(DescribeTaskDefinitionCommand).resolves({
      taskDefinition: { containerDefinitions: [{ name: 'gateway', image: 'repository:c0ffee' }] },
    });
  }
}

const arnOf = ({ revision, hoursAgo }: FakeDeployment) => `deployment-${revision}-${hoursAgo}`;

function taskOf({
  revision,
  image = 'repository:c0ffee',
  status = 'RUNNING',
  health,
  ...task
}: FakeTask): Task {
  const letter = 'letter' in task ? task.letter : 'a';
  return {
    taskDefinitionArn: definition(revision),
    lastStatus: status,
    healthStatus: health ?? 'HEALTHY',
    containers: [
      { name: 'gateway', image, ...(letter !== undefined && { imageDigest: digest(letter) }) },
      { name: 'ecs-service-connect-proxy', image: 'of-aws', imageDigest: digest('f') },
    ],
  };
}
