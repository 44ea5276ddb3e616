import { listServices } from '../../../../core/secrets/pick-up';
import { CLUSTER, FakeEcs, injecting, SECRET } from './fake-ecs';

const OLD = new Date('2026-11-20T00:00:00Z');
const NEW = new Date('2026-11-28T11:59:00Z');

let ecs: FakeEcs;
beforeEach(() => {
  ecs = new FakeEcs();
});

const list = () =>
  listServices({ ecs: ecs.client, environment: 'test', clusters: [CLUSTER], secretArns: [SECRET] });

test('a deployment that is being replaced counts as long as it has tasks', async () => {
  const deployments = [
    { status: 'PRIMARY', createdAt: NEW, runningCount: 0, taskDefinition: 'gateway:1' },
    { status: 'ACTIVE', createdAt: OLD, runningCount: 2, taskDefinition: 'gateway:1' },
  ];
  ecs.addService('gateway', injecting(SECRET), OLD, { deployments });
  expect(await list()).toMatchObject([{ primaryCreatedAt: NEW, oldestCreatedAt: OLD }]);
  deployments[1]!.runningCount = 0;
  expect(await list()).toMatchObject([{ primaryCreatedAt: NEW, oldestCreatedAt: NEW }]);
});

test('what the primary deployment runs counts, not what is to come', async () => {
  ecs.addService('gateway', injecting(SECRET), OLD, { taskDefinition: 'gateway:2' });
  ecs.definitions['gateway:2'] = injecting();
  expect(await list()).toMatchObject([{ name: 'gateway', uses: [{ how: 'injected-at-start' }] }]);
});

test('a service that was deleted is not listed', async () => {
  ecs.addService('gateway', injecting(SECRET), OLD, { status: 'INACTIVE' });
  expect(await list()).toEqual([]);
});
