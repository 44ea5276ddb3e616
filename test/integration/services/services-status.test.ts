import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { operationsParameterName } from '../../../core/backup/operations';
import { servicesParameterName, type ServicesReport } from '../../../core/services';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { operationsOf } from '../../cli/operations';
import { golive } from '../../cli/run-main';
import { openEcsDoor, type WireDeployment } from './ecs-door';

const ENVIRONMENT = 'test';
const SETTINGS = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

let supervisor: Supervisor;
let emulator: Emulator;
let door: Awaited<ReturnType<typeof openEcsDoor>>;
let ecs: ECSClient;
const before = SETTINGS.map((name) => [name, process.env[name]] as const);
const deployments: WireDeployment[] = [];
let clusterArn: string;
let versions: string[];

/** As the Services stack leaves it. */
async function putParameter(name: string, value: unknown): Promise<void> {
  await emulator.clients.ssm.send(
    new PutParameterCommand({ Name: name, Value: JSON.stringify(value), Type: 'String', Overwrite: true }),
  );
}

beforeAll(async () => {
  supervisor = Supervisor.start();
  emulator = await startEmulator(supervisor, 'eu-west-1');
  door = await openEcsDoor(emulator.aws.endpoint, deployments);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: door.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  ecs = new ECSClient({});
  const made = await ecs.send(new CreateClusterCommand({ clusterName: ENVIRONMENT }));
  clusterArn = made.cluster!.clusterArn!;
  const register = async (image: string) =>
    (
      await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: 'gateway',
          containerDefinitions: [{ name: 'gateway', image, memory: 128 }],
        }),
      )
    ).taskDefinition!.taskDefinitionArn!;
  versions = [await register('repository:first'), await register('repository:second')];
  await putParameter(operationsParameterName(ENVIRONMENT), operationsOf({ environment: ENVIRONMENT }));
});

afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  ecs?.destroy();
  await door?.close();
  if (emulator) destroyClients(emulator.clients);
  await supervisor?.stop();
});

/** A service of the first version, and what the stack says that it deployed. */
async function deploy(serviceName: string, desiredCount: number, deployed = versions[0]) {
  const { service } = await ecs.send(
    new CreateServiceCommand({
      cluster: ENVIRONMENT,
      serviceName,
      taskDefinition: versions[0],
      desiredCount,
    }),
  );
  await putParameter(servicesParameterName(ENVIRONMENT), {
    servicesVersion: 1,
    environment: ENVIRONMENT,
    services: [
      {
        name: serviceName,
        clusterArn,
        serviceArn: service!.serviceArn,
        taskDefinitionArn: deployed,
        version: 'c0ffee',
      },
    ],
  });
  return service!.serviceArn;
}

async function status() {
  const { exitCode, stdout, stderr } = await golive('services', 'status', '-e', ENVIRONMENT, '--json');
  const [service] = (JSON.parse(stdout) as ServicesReport).services;
  return { exitCode, stderr, service: service!, findings: service!.findings };
}

test('tasks that do not start are critical', async () => {
  await deploy('stuck', 2);
  const { exitCode, stderr, findings } = await status();

  expect(exitCode).toBe(5);
  expect(stderr).toMatch(/UnhealthyError: the services of test are not in order: stuck \(critical\)/);
  expect(findings).toMatchObject([
    { code: 'too-few-tasks', status: 'critical', detail: 'running tasks: 0 of 2, 2 starting' },
  ]);
});

test('another version than the stack deployed is critical, and what ECS said of it is told', async () => {
  await deploy('taken-back', 0, versions[1]);
  deployments.push({
    arn: 'arn:aws:ecs:eu-west-1:123456789012:service-deployment/test/taken-back/one',
    status: 'ROLLBACK_SUCCESSFUL',
    createdAt: Date.UTC(2026, 10, 28, 11) / 1000,
    taskDefinition: versions[1]!,
    rollbackReason: 'tasks failed to start',
  });
  const { exitCode, service, findings } = await status();
  deployments.pop();

  expect(exitCode).toBe(5);
  expect(findings[0]).toMatchObject({
    code: 'other-version',
    detail:
      'ECS runs gateway:1, and the stack deployed gateway:2, which ECS took back (begun 2026-11-28T11:00:00.000Z: tasks failed to start)',
  });
  expect(service).toMatchObject({
    actualTaskDefinition: versions[0],
    lastDeployment: { status: 'ROLLBACK_SUCCESSFUL', createdAt: '2026-11-28T11:00:00.000Z' },
  });
});

test('a service that is scaled to none is a warning', async () => {
  await deploy('asleep', 0);
  const { exitCode, findings } = await status();

  expect(exitCode).toBe(4);
  expect(findings).toMatchObject([{ code: 'no-tasks-wanted' }]);
});

test('tasks that run and that nobody can look at are not taken to be right', async () => {
  const service = await deploy('unseen', 0);
  // The emulator counts tasks then, and makes none.
  await ecs.send(new UpdateServiceCommand({ cluster: ENVIRONMENT, service, desiredCount: 2 }));
  const { exitCode, findings } = await status();

  expect(exitCode).toBe(4);
  expect(findings).toMatchObject([{ code: 'unknown' }]);
});
