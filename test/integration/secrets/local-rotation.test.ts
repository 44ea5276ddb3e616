import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { runRotationStep, type RotationEvent, type RotationStrategy } from '../../../core/secrets/rotation';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { rotateSecret, scheduleRotation } from '../../../local/rotation';
import { Supervisor } from '../../../local/supervisor';

const Value = z.object({ generation: z.number() });
type Value = z.output<typeof Value>;

describe('a rotation as Secrets Manager drives it', () => {
  let supervisor: Supervisor;
  let emulator: Emulator;
  let secretsManager: SecretsManagerClient;
  let secretId: string;
  let secrets = 0;

  beforeAll(async () => {
    supervisor = Supervisor.start();
    emulator = await startEmulator(supervisor, 'eu-central-1');
    secretsManager = emulator.clients.secretsManager;
  });

  afterAll(async () => {
    if (emulator) destroyClients(emulator.clients);
    await supervisor?.stop();
  });

  beforeEach(async () => {
    const secret = { Name: `secret-${++secrets}`, SecretString: '{"generation":1}' };
    secretId = (await secretsManager.send(new CreateSecretCommand(secret))).ARN!;
  });

  /** A service that takes one generation at a time. */
  function service(more: Partial<RotationStrategy<Value>> = {}) {
    const told: string[] = [];
    const strategy: RotationStrategy<Value> = {
      schema: Value,
      create: ({ current }) => Promise.resolve({ generation: current.generation + 1 }),
      set: () => Promise.resolve(),
      test: () => Promise.resolve(),
      ...more,
    };
    const invoke = async (event: RotationEvent) => {
      told.push(event.Step);
      await runRotationStep(event, {
        secretsManager,
        strategy,
        secretArn: secretId,
        log: { info: () => undefined },
      });
    };
    return { told, invoke };
  }

  const current = async () => {
    const stage = { SecretId: secretId, VersionStage: 'AWSCURRENT' };
    return (await secretsManager.send(new GetSecretValueCommand(stage))).SecretString;
  };

  const FOUR_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

  test('a step that failed is tried again from the first on, and what is made stays made', async () => {
    const set = jest.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('the service is away'));
    const create = jest.fn(() => Promise.resolve({ generation: 2 }));
    const { told, invoke } = service({ set, create });
    expect(await rotateSecret({ secretsManager, secretId, invoke })).toMatchObject({
      attempts: 2,
      isReattempt: false,
    });
    expect(told).toEqual(['createSecret', 'setSecret', ...FOUR_STEPS]);
    expect(create).toHaveBeenCalledTimes(1);
    expect(await current()).toBe('{"generation":2}');
  });

  test('one that fails for good leaves what is current, and the next goes on with its version', async () => {
    const test = jest.fn(() => Promise.reject(new Error('it does not work')));
    const failing = service({ test });
    await expect(
      rotateSecret({ secretsManager, secretId, invoke: failing.invoke, attempts: 2 }),
    ).rejects.toMatchObject({
      code: 'RotationFailedError',
      message: expect.stringContaining('in 2 attempts: it does not work') as string,
    });
    expect(test).toHaveBeenCalledTimes(2);
    expect(await current()).toBe('{"generation":1}');
    const create = jest.fn();
    const next = await rotateSecret({ secretsManager, secretId, invoke: service({ create }).invoke });
    expect(next).toMatchObject({ isReattempt: true, attempts: 1 });
    expect(create).not.toHaveBeenCalled();
    expect(await current()).toBe('{"generation":2}');
  });

  test('a value that somebody puts meanwhile stays, and the rotation is abandoned, not tried again', async () => {
    const put = { SecretId: secretId, SecretString: '{"generation":100}' };
    const set = jest.fn(async () => void (await secretsManager.send(new PutSecretValueCommand(put))));
    const { told, invoke } = service({ set });
    await expect(rotateSecret({ secretsManager, secretId, invoke })).rejects.toMatchObject({
      code: 'RotationAbandonedError',
    });
    expect(told).toEqual(['createSecret', 'setSecret']);
    expect(await current()).toBe('{"generation":100}');
  });

  test('a function that ends without having made the version current is no success', async () => {
    await expect(
      rotateSecret({ secretsManager, secretId, invoke: () => Promise.resolve(), attempts: 1 }),
    ).rejects.toThrow(/correct the function's finishSecret/);
  });

  test('each rotation is of a version of its own that has no value before it is made one', async () => {
    const { told, invoke } = service();
    const versions: string[] = [];
    for (const generation of [2, 3, 4]) {
      const onStep = async (step: string) => {
        if (step !== 'createSecret') return;
        const pending = { SecretId: secretId, VersionStage: 'AWSPENDING' };
        await expect(secretsManager.send(new GetSecretValueCommand(pending))).rejects.toMatchObject({
          name: 'ResourceNotFoundException',
        });
      };
      versions.push((await rotateSecret({ secretsManager, secretId, invoke, onStep })).versionId);
      expect(await current()).toBe(`{"generation":${generation}}`);
    }
    expect(new Set(versions).size).toBe(3);
    expect(told).toEqual([...FOUR_STEPS, ...FOUR_STEPS, ...FOUR_STEPS]);
    const { VersionIdsToStages } = await secretsManager.send(
      new DescribeSecretCommand({ SecretId: secretId }),
    );
    expect(VersionIdsToStages).toMatchObject({ [versions[1]!]: ['AWSPREVIOUS'] });
  });

  test('a schedule shows its function and when it is due, and rotates nothing', async () => {
    const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:rotate-it';
    await scheduleRotation(secretsManager, secretId, { functionArn, days: 35 });
    const described = await secretsManager.send(new DescribeSecretCommand({ SecretId: secretId }));
    expect(described).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN: functionArn,
      RotationRules: { AutomaticallyAfterDays: 35 },
    });
    expect(described.NextRotationDate!.getTime()).toBeGreaterThan(Date.now() + 34 * 86_400_000);
    expect(Object.values(described.VersionIdsToStages!).flat()).toEqual(['AWSCURRENT']);
    expect(await current()).toBe('{"generation":1}');
  });
});
