import { DescribeServicesCommand, ListClustersCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { pickUp, type LabelUpdate } from '../../../../core/secrets/pick-up';
import { CLUSTER, ecsFault, FakeEcs, injecting, OTHER_SECRET, SECRET } from './fake-ecs';

const CHANGED = new Date('2026-11-28T11:58:00Z');
const BEFORE = new Date('2026-11-20T00:00:00Z');

let ecs: FakeEcs;
beforeEach(() => {
  ecs = new FakeEcs();
});

const update = (more: Partial<LabelUpdate> = {}): LabelUpdate => ({
  secretArn: SECRET,
  secretName: 'golive/test/app',
  label: 'AWSCURRENT',
  versionId: 'v2',
  at: CHANGED,
  ...more,
});

const run = (updates: readonly LabelUpdate[] = [update()], clusters: readonly string[] = []) =>
  pickUp({ ecs: ecs.client, environment: 'test', clusters, updates });

const outcomes = async (updates?: readonly LabelUpdate[]) =>
  Object.fromEntries((await run(updates)).services.map(({ service, outcome }) => [service.name, outcome]));

test('ECS that does not say which services there are fails the whole, and says what to allow', async () => {
  ecs.mock.on(ListClustersCommand).rejects(ecsFault('AccessDeniedException'));
  await expect(run()).rejects.toMatchObject({
    code: 'ServicesUnreadableError',
    retryable: false,
    message: expect.stringContaining('allow ecs:ListClusters') as string,
  });
});

test('a service that ECS hides is not taken for one that needs nothing', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  ecs.mock.on(DescribeServicesCommand).resolves({ services: [], failures: [{ arn: 'x', reason: 'ACCESS' }] });
  await expect(run()).rejects.toMatchObject({ code: 'ServicesUnreadableError', retryable: true });
});

test('one that was deleted since it was listed needs nothing', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  ecs.mock
    .on(DescribeServicesCommand)
    .resolves({ services: [], failures: [{ arn: 'x', reason: 'MISSING' }] });
  expect((await run()).services).toEqual([]);
});

test('a refusal for one service keeps none of the others from starting', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  ecs.addService('worker', injecting(SECRET), BEFORE);
  ecs.mock
    .on(UpdateServiceCommand, { service: ecs.services[0]!.serviceArn! })
    .rejects(ecsFault('ThrottlingException'));
  const { services } = await run();
  expect(services).toMatchObject([
    { outcome: 'failed', error: 'ThrottlingException: ThrottlingException: no', secretArns: [SECRET] },
    { outcome: 'started' },
  ]);
});

test('a service that is deleted at that moment is no failure', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  ecs.mock.on(UpdateServiceCommand).rejects(ecsFault('ServiceNotActiveException'));
  expect(await outcomes()).toEqual({ gateway: 'not-needed' });
});

test.each(['CODE_DEPLOY', 'EXTERNAL'] as const)(
  'what %s deploys is reported and not touched, and judged by its task set',
  async (type) => {
    ecs.addService('gateway', injecting(SECRET), BEFORE, {
      deploymentController: { type },
      deployments: [],
      taskSets: [{ status: 'PRIMARY', createdAt: BEFORE, taskDefinition: 'gateway:1', runningCount: 2 }],
    });
    expect(await outcomes()).toEqual({ gateway: 'not-ours' });
    ecs.services[0]!.taskSets![0]!.createdAt = new Date('2026-11-28T11:59:00Z');
    expect(await outcomes()).toEqual({ gateway: 'not-needed' });
    expect(ecs.deployed()).toEqual([]);
  },
);

test('what is pinned to a version or to the previous stage is left alone', async () => {
  ecs.addService('old', injecting(`${SECRET}:password:AWSPREVIOUS:`, `${SECRET}:::v1`), BEFORE);
  expect(await run()).toEqual({ services: [], unused: [SECRET] });
  expect(ecs.deployed()).toEqual([]);
});

test('what is fetched at run time is left alone', async () => {
  ecs.addService(
    'gateway',
    { containerDefinitions: [{ name: 'web', environment: [{ name: 'APP_SECRET_ARN', value: SECRET }] }] },
    BEFORE,
  );
  expect(await run()).toEqual({ services: [], unused: [SECRET] });
  expect(ecs.deployed()).toEqual([]);
});

test('a service without tasks is left alone: those to come read the present value', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE, { desiredCount: 0, runningCount: 0 });
  expect(await outcomes()).toEqual({ gateway: 'not-needed' });
});

test('a label other than AWSCURRENT asks for nothing, not even a look', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  expect(await run([update({ label: 'blue' })])).toEqual({ services: [], unused: [] });
  expect(ecs.mock.calls()).toHaveLength(0);
});

test('a secret that no service knows asks for nothing', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  const unknown = `${SECRET.slice(0, -10)}xyz-ZzZ999`;
  expect(await run([update({ secretArn: unknown })])).toEqual({ services: [], unused: [unknown] });
});

test('the service that injects it is deployed anew, in the environment’s own cluster only', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  ecs.addService('frontend', injecting(OTHER_SECRET), BEFORE);
  expect(await outcomes()).toEqual({ gateway: 'started' });
  expect(ecs.deployed()).toEqual(['gateway']);
});

test('clusters that are named are not looked for', async () => {
  ecs.addService('gateway', injecting(SECRET), BEFORE);
  await run(undefined, [CLUSTER]);
  expect(ecs.mock.commandCalls(ListClustersCommand)).toHaveLength(0);
  expect(ecs.deployed()).toEqual(['gateway']);
});

describe('debounced', () => {
  test('twenty changes of two secrets make one deployment of the service that has both', async () => {
    ecs.addService('gateway', injecting(SECRET, OTHER_SECRET), BEFORE);
    const updates = Array.from({ length: 20 }, (_, index) =>
      update({
        secretArn: index % 2 ? SECRET : OTHER_SECRET,
        at: new Date(CHANGED.getTime() + index * 1000),
      }),
    );
    await run(updates.slice(0, 10));
    await run(updates.slice(10));
    await run(updates);
    expect(ecs.deployed()).toEqual(['gateway']);
  });

  test('the last change counts, in whatever order the events come', async () => {
    ecs.addService('gateway', injecting(SECRET), CHANGED);
    const old = update({ at: new Date('2026-11-01T00:00:00Z') });
    await run([old, update(), old]);
    expect(ecs.deployed()).toEqual(['gateway']);
  });

  test('a deployment that somebody else started after the change is enough, though it is under way', async () => {
    ecs.addService('gateway', injecting(SECRET), new Date('2026-11-28T11:59:00Z'), {
      pendingCount: 2,
    });
    expect(await outcomes()).toEqual({ gateway: 'not-needed' });
  });

  test('a change after the deployment asks for another', async () => {
    ecs.addService('gateway', injecting(SECRET), BEFORE);
    await run();
    ecs.now = new Date('2026-11-28T13:00:00Z');
    await run([update({ at: new Date('2026-11-28T12:30:00Z') })]);
    expect(ecs.deployed()).toEqual(['gateway', 'gateway']);
  });

  test('the clocks of two services may differ by seconds: a deployment of the same second is not trusted', async () => {
    ecs.addService('gateway', injecting(SECRET), new Date(CHANGED.getTime() + 900));
    expect(await outcomes()).toEqual({ gateway: 'started' });
  });
});
