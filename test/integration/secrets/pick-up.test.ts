import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretsOperations } from '../../../core/secrets/operations';
import { pickUp, type LabelUpdate } from '../../../core/secrets/pick-up';
import {
  evaluateSecrets,
  isUnreadable,
  observeSecrets,
  type SecretsCheckName,
} from '../../../core/secrets/status';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { ecsAsDocumented, failNext, secretsAsDocumented } from './as-documented';

const HOUR_MS = 3_600_000;
const ENVIRONMENT = 'test';
/** More than DescribeServices takes, and than ListServices gives by default. */
const BYSTANDERS = 23;
const DEFINITION = { family: 'x', containerDefinitions: [{ name: 'web', image: 'web', memory: 128 }] };

let supervisor: Supervisor;
let emulator: Emulator;
let raw: ECSClient;
let count = 0;

beforeAll(async () => {
  supervisor = Supervisor.start();
  emulator = await startEmulator(supervisor, 'eu-west-1');
  raw = new ECSClient({ ...emulator.aws });
  await raw.send(
    new CreateClusterCommand({
      clusterName: 'test',
      tags: [{ key: 'golive:environment', value: ENVIRONMENT }],
    }),
  );
  await raw.send(
    new CreateClusterCommand({ clusterName: 'prod', tags: [{ key: 'golive:environment', value: 'prod' }] }),
  );
  await raw.send(new RegisterTaskDefinitionCommand({ ...DEFINITION, family: 'bystander' }));
  for (let index = 0; index < BYSTANDERS; index += 1) await createService(`bystander-${index}`, 'bystander');
});
afterAll(async () => {
  raw?.destroy();
  if (emulator) destroyClients(emulator.clients);
  await supervisor?.stop();
});

async function createService(name: string, definition: string, cluster = 'test'): Promise<void> {
  await raw.send(
    new CreateServiceCommand({ cluster, serviceName: name, taskDefinition: definition, desiredCount: 1 }),
  );
}

/** A secret of its own with services that get it: at the start, pinned, at run time, and in another environment. */
async function makeSecret() {
  const id = `s${(count += 1)}`;
  const { ARN, Name } = await emulator.clients.secretsManager.send(
    new CreateSecretCommand({ Name: `golive/test/${id}`, SecretString: 'planted-first' }),
  );
  const arn = ARN!;
  const web = DEFINITION.containerDefinitions[0]!;
  for (const [family, more] of [
    [`${id}-injected`, { secrets: [{ name: 'A', valueFrom: `${arn}:password::` }] }],
    [`${id}-pinned`, { secrets: [{ name: 'A', valueFrom: `${arn}::AWSPREVIOUS:` }] }],
    [`${id}-fetched`, { environment: [{ name: 'A_ARN', value: arn }] }],
  ] as const) {
    await raw.send(
      new RegisterTaskDefinitionCommand({
        family,
        containerDefinitions: [{ ...web, ...more } as typeof web],
      }),
    );
    await createService(family, family);
  }
  await createService(`${id}-injected`, `${id}-injected`, 'prod');
  const put = (): Promise<unknown> =>
    emulator.clients.secretsManager.send(
      new PutSecretValueCommand({ SecretId: arn, SecretString: 'planted-later' }),
    );
  /** As its queue holds the event back for a minute. */
  const event = (): LabelUpdate => ({
    secretArn: arn,
    secretName: Name!,
    label: 'AWSCURRENT',
    versionId: 'v2',
    at: new Date(Math.floor((Date.now() - 60_000) / 1000) * 1000),
  });
  const operations = SecretsOperations.parse({
    secretsVersion: 1,
    environment: ENVIRONMENT,
    secrets: [{ name: 'app', arn, kind: 'alternating-user' }],
    clusters: [],
  });
  return { id, arn, put, event, operations };
}

type Made = Awaited<ReturnType<typeof makeSecret>>;

/** What the monitor would say two hours from now, were nothing else to happen. */
async function look(
  { operations }: Made,
  ecs: ECSClient,
  secretsManager = secretsAsDocumented(emulator.aws).client,
) {
  const facts = await observeSecrets({ secretsManager, ecs }, operations);
  const later = new Date(facts.observedAt.getTime() + 2 * HOUR_MS);
  const report = evaluateSecrets(facts, operations.limits, later);
  return { facts, check: (name: SecretsCheckName) => report.checks.find((one) => one.name === name)! };
}

const pick = (made: Made, ecs: ECSClient, events = [made.event()]) =>
  pickUp({ ecs, environment: ENVIRONMENT, clusters: [], updates: events });

test('rotated and not picked up is seen, and gone once it was picked up', async () => {
  const made = await makeSecret();
  const { ecs, updates } = ecsAsDocumented(emulator.aws, HOUR_MS);
  await made.put();
  expect((await look(made, ecs)).check('not-picked-up')).toMatchObject({
    status: 'critical',
    detail: expect.stringContaining(`and ${made.id}-injected still runs with the value before`) as string,
  });
  const { services } = await pick(made, ecs);
  expect(services.map(({ service, outcome }) => [service.name, outcome])).toEqual([
    [`${made.id}-injected`, 'started'],
  ]);
  expect(updates).toEqual([`${made.id}-injected`]);
  expect((await look(made, ecs)).check('not-picked-up').status).toBe('ok');
});

test('twenty events in turn make one deployment', async () => {
  const made = await makeSecret();
  const { ecs, updates } = ecsAsDocumented(emulator.aws, HOUR_MS);
  await pick(made, ecs, Array.from({ length: 10 }, made.event));
  for (let index = 0; index < 10; index += 1) await pick(made, ecs);
  expect(updates).toEqual([`${made.id}-injected`]);
});

test('services are read page by page, ten at a time, and none is forgotten', async () => {
  const made = await makeSecret();
  const seen = ecsAsDocumented(emulator.aws, HOUR_MS);
  const { facts } = await look(made, seen.ecs);
  if (isUnreadable(facts.services)) throw new Error(facts.services.unreadable);
  expect(facts.services.length).toBeGreaterThan(BYSTANDERS);
  expect(seen.lists).toBeGreaterThan(2);
  expect(Math.max(...seen.describes)).toBe(10);
  const uses = facts.services.flatMap(({ name, uses }) =>
    uses.map(({ how, isPinned }) => [name, how, isPinned]),
  );
  expect(uses.sort()).toEqual([
    [`${made.id}-fetched`, 'fetched-at-run-time', false],
    [`${made.id}-injected`, 'injected-at-start', false],
    [`${made.id}-pinned`, 'injected-at-start', true],
  ]);
});

test('a secret of more than a hundred versions is read to the end', async () => {
  const made = await makeSecret();
  for (let index = 0; index < 104; index += 1) await made.put();
  const { ecs } = ecsAsDocumented(emulator.aws, 0);
  const seen = secretsAsDocumented(emulator.aws);
  const { facts } = await look(made, ecs, seen.client);
  expect(seen.lists).toBe(2);
  expect(facts.secrets[0]!.state).toMatchObject({ current: { createdAt: expect.any(Date) as Date } });
});

test('a pending version that does not become current is stuck', async () => {
  const made = await makeSecret();
  const { ecs } = ecsAsDocumented(emulator.aws, 0);
  await emulator.clients.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: made.arn,
      SecretString: 'planted-next',
      VersionStages: ['AWSPENDING'],
    }),
  );
  expect((await look(made, ecs)).check('rotation-stuck').status).toBe('warning');
});

test('going back to the version before is a change, too, that has to be picked up', async () => {
  const made = await makeSecret();
  await made.put();
  const { ecs } = ecsAsDocumented(emulator.aws, HOUR_MS);
  const { facts } = await look(made, ecs);
  const [{ state }] = facts.secrets as [(typeof facts.secrets)[0]];
  if (isUnreadable(state)) throw new Error(state.unreadable);
  await emulator.clients.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: made.arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: state.previous!.versionId,
      RemoveFromVersionId: state.current!.versionId,
    }),
  );
  expect((await look(made, ecs)).check('not-picked-up').status).toBe('critical');
});

test('an ECS that is throttled is asked again', async () => {
  const made = await makeSecret();
  const { ecs, updates } = ecsAsDocumented(emulator.aws, HOUR_MS);
  failNext(ecs, 'DescribeServicesCommand', { name: 'ThrottlingException', times: 2 });
  failNext(ecs, 'UpdateServiceCommand', { name: 'ThrottlingException', times: 1 });
  await pick(made, ecs);
  expect(updates).toEqual([`${made.id}-injected`]);
});

test('who may not see the services is told what to allow: the check is not run, and hides nothing else', async () => {
  const made = await makeSecret();
  const { ecs } = ecsAsDocumented(emulator.aws, 0);
  failNext(ecs, 'ListServicesCommand', { name: 'AccessDeniedException', times: 99 });
  const { check } = await look(made, ecs);
  expect(check('not-picked-up')).toMatchObject({ status: 'not-run' });
  expect(check('not-picked-up').detail).toContain(
    'AccessDeniedException at ListServicesCommand; allow ecs:ListClusters',
  );
  expect(check('rotation-stuck').status).toBe('ok');
});

test('a secret that may not be seen, or is not there, is not run, with the reason', async () => {
  const made = await makeSecret();
  const { ecs } = ecsAsDocumented(emulator.aws, 0);
  const { client } = secretsAsDocumented(emulator.aws);
  failNext(client, 'DescribeSecretCommand', { name: 'AccessDeniedException', times: 99 });
  expect((await look(made, ecs, client)).check('rotation-overdue')).toMatchObject({
    status: 'not-run',
    detail: expect.stringContaining('allow secretsmanager:DescribeSecret') as string,
  });
  const arn = made.arn.replace(made.id, 'gone');
  const gone = {
    ...made,
    operations: { ...made.operations, secrets: [{ ...made.operations.secrets[0]!, arn }] },
  };
  expect((await look(gone, ecs)).check('rotation-overdue').detail).toContain('ResourceNotFoundException');
});

test('no value is in anything that was observed', async () => {
  const made = await makeSecret();
  await made.put();
  const { ecs } = ecsAsDocumented(emulator.aws, 0);
  expect(JSON.stringify((await look(made, ecs)).facts)).not.toContain('planted');
});
