import { ListClustersCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ecsFault, FakeEcs, injecting, OTHER_SECRET, SECRET } from '../../core/secrets/pick-up/fake-ecs';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';

const BEFORE = new Date('2026-11-20T00:00:00Z');

/** As EventBridge puts it into the queue. */
const labelUpdated = (secretArn = SECRET, more: Record<string, unknown> = {}) => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'Secret Label Updated',
  source: 'aws.secretsmanager',
  account: '123456789012',
  time: '2026-11-28T11:58:00Z',
  region: 'eu-west-1',
  resources: [secretArn],
  detail: { name: 'golive/test/app', labelUpdated: 'AWSCURRENT', versionId: 'a1b2c3d4' },
  ...more,
});

const batch = (...bodies: unknown[]) => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: 'r',
    eventSource: 'aws:sqs',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })),
});

describe('the pick-up function', () => {
  const { printed, metrics } = watchHandler('secrets-pick-up', {
    CLUSTER_ARNS: '',
    GOLIVE_ENVIRONMENT: 'test',
  });
  let ecs: FakeEcs;
  beforeEach(() => {
    ecs = new FakeEcs();
  });

  const invoke = async (event: unknown) => {
    const { handler } = await import('../../../lambdas/secrets/pick-up/handler');
    return handler(event, lambdaContext());
  };

  test('a look that fails fails the invocation, so that the whole batch comes again', async () => {
    ecs.mock.on(ListClustersCommand).rejects(ecsFault('ClusterNotFoundException'));
    await expect(invoke(batch(labelUpdated()))).rejects.toMatchObject({ code: 'ServicesUnreadableError' });
    expect(metrics()).toMatchObject({ FunctionFailures: 1, code: 'ServicesUnreadableError' });
  });

  test('only the events that a failed service needs come again', async () => {
    ecs.addService('gateway', injecting(SECRET), BEFORE);
    ecs.addService('frontend', injecting(OTHER_SECRET), BEFORE);
    ecs.mock
      .on(UpdateServiceCommand, { service: ecs.services[1]!.serviceArn! })
      .rejects(ecsFault('ServerException'));
    await expect(invoke(batch(labelUpdated(), labelUpdated(OTHER_SECRET)))).resolves.toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });
    expect(metrics()).toMatchObject({ DeploymentsStarted: 1, DeploymentsFailed: 1 });
    expect(printed()).toContain('frontend could not be deployed anew: ServerException');
  });

  test.each([
    'no json',
    { hello: 'world' },
    labelUpdated(SECRET, { source: 'aws.ec2' }),
    labelUpdated('arn:x'),
  ])('what is no such event comes again, until it ends where somebody looks: %j', async (body) => {
    await expect(invoke(batch(body))).resolves.toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(printed()).toContain('1 messages are no event');
  });

  test('a deployment that is not ours to start is said, and the event is done', async () => {
    ecs.addService('gateway', injecting(SECRET), BEFORE, { deploymentController: { type: 'CODE_DEPLOY' } });
    await expect(invoke(batch(labelUpdated()))).resolves.toEqual({ batchItemFailures: [] });
    expect(metrics()).toMatchObject({ DeploymentsStarted: 0, DeploymentsNotOurs: 1 });
    expect(printed()).toContain('gateway is deployed by CODE_DEPLOY');
  });

  test('a secret that nothing injects is a line in the log', async () => {
    await expect(invoke(batch(labelUpdated()))).resolves.toEqual({ batchItemFailures: [] });
    expect(printed()).toContain('no service gets this secret at its start');
  });

  test('all well: twenty events in one batch are one deployment, and one line', async () => {
    ecs.addService('gateway', injecting(SECRET), BEFORE);
    const events = Array.from({ length: 20 }, () => labelUpdated());
    await expect(invoke(batch(...events))).resolves.toEqual({ batchItemFailures: [] });
    expect(ecs.deployed()).toEqual(['gateway']);
    expect(metrics()).toMatchObject({ DeploymentsStarted: 1, DeploymentsFailed: 0, FunctionFailures: 0 });
    expect(printed()).toContain('gateway: started');
  });
});
