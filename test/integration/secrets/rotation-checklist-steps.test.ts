import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import * as z from 'zod';
import {
  cacheUser,
  newPassword,
  runRotationStep,
  singleUser,
  type CacheUsers,
  type RotationStrategy,
} from '../../../core/secrets/rotation';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { MemorySecretsManager } from '../../support/memory-secrets-manager';
import {
  beginRotation,
  createSecret,
  rotate,
  runSteps,
  stagesOf,
  valueAt,
  type StepsContext,
} from './rotation-support';

/** The statements of facts/rotation.md §1 that need no database, each by its number. */

let supervisor: Supervisor;
let emulator: Emulator;
let secretsManager: SecretsManagerClient;
beforeAll(async () => {
  supervisor = Supervisor.start();
  emulator = await startEmulator(supervisor, 'eu-west-1');
  secretsManager = emulator.clients.secretsManager;
});
afterAll(async () => {
  destroyClients(emulator.clients);
  await supervisor.stop();
});

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** A secret of which the strategy only notes that it was asked. */
async function counted() {
  const asked: string[] = [];
  let made = 0;
  const Value = z.looseObject({ word: z.string() });
  const strategy: RotationStrategy<z.output<typeof Value>> = {
    schema: Value,
    create: ({ current }) => Promise.resolve({ ...current, word: `made-${++made}` }),
    set: () => Promise.resolve(void asked.push('set')),
    test: () => Promise.resolve(void asked.push('test')),
  };
  const secretArn = await createSecret(secretsManager, { word: 'first', kept: [1] });
  const context: StepsContext = { secretsManager, secretArn, strategy };
  const token = await beginRotation(secretsManager, secretArn);
  return { context, secretArn, token, asked };
}

/** As the secret is described, though moto knows no rotation without a function. */
function describedAs(secretArn: string, answer: object) {
  const mock = mockClient(secretsManager);
  mock.on(DescribeSecretCommand).resolves({ ARN: secretArn, ...answer });
  return mock;
}

describe.each(STEPS)('%s', (step) => {
  test('1. is refused when rotation is switched off', async () => {
    const { context, secretArn, token, asked } = await counted();
    const mock = describedAs(secretArn, {
      RotationEnabled: false,
      VersionIdsToStages: { [token]: ['AWSPENDING'] },
    });
    await expect(runSteps(context, token, [step])).rejects.toMatchObject({ code: 'RotationDisabledError' });
    expect(mock.calls()).toHaveLength(1);
    mock.restore();
    expect(asked).toEqual([]);
  });

  test('2. is refused for a version that the secret does not have', async () => {
    const { context, secretArn, asked } = await counted();
    const before = await stagesOf(secretsManager, secretArn);
    await expect(runSteps(context, 'not-a-version-of-this-secret-at-all', [step])).rejects.toMatchObject({
      code: 'RotationVersionError',
      message: expect.stringContaining('start the rotation with RotateSecret') as string,
    });
    expect(asked).toEqual([]);
    await expect(stagesOf(secretsManager, secretArn)).resolves.toEqual(before);
  });

  test('3. succeeds and does nothing for the version that is current', async () => {
    const { context, secretArn, token, asked } = await counted();
    await runSteps(context, token);
    const before = await stagesOf(secretsManager, secretArn);
    await expect(runSteps(context, token, [step])).resolves.toEqual(['already-current']);
    expect(asked).toEqual(['set', 'test']);
    await expect(stagesOf(secretsManager, secretArn)).resolves.toEqual(before);
  });

  test('4. is refused for a version that is not AWSPENDING', async () => {
    const { context, secretArn, token, asked } = await counted();
    await beginRotation(secretsManager, secretArn);
    await expect(runSteps(context, token, [step])).rejects.toMatchObject({
      code: 'RotationVersionError',
      message: expect.stringContaining('abandoned') as string,
    });
    expect(asked).toEqual([]);
  });

  test('5. is refused for the secret of another function', async () => {
    const { context, token, asked } = await counted();
    const other = await createSecret(secretsManager, { word: 'other' });
    const event = { Step: step, SecretId: other, ClientRequestToken: token };
    const log = { info: () => undefined };
    await expect(runRotationStep(event, { ...context, log } as never)).rejects.toMatchObject({
      code: 'OtherSecretError',
    });
    expect(asked).toEqual([]);
  });
});

test('5. a step that there is not is refused', async () => {
  const { context, token, asked } = await counted();
  await expect(runSteps(context, token, ['dropSecret'])).rejects.toMatchObject({ code: 'UnknownStepError' });
  expect(asked).toEqual([]);
});

describe('6. AWSCURRENT of a database user', () => {
  const whole = {
    engine: 'postgres',
    host: 'db.example',
    username: 'app',
    password: 'Pa55-planted',
  };
  const refused = async (value: unknown) => {
    const secretArn = await createSecret(secretsManager, value);
    const token = await beginRotation(secretsManager, secretArn);
    const strategy = singleUser({ mode: 'self', secretsManager, caFile: '/none' });
    const failure = await runSteps({ secretsManager, secretArn, strategy }, token, ['createSecret']).catch(
      (error: unknown) => error as Error,
    );
    await expect(valueAt(secretsManager, secretArn, 'AWSPENDING')).resolves.toBeUndefined();
    return failure;
  };

  test.each(['engine', 'host', 'username', 'password'])('must hold %s', async (field) => {
    const failure = await refused({ ...whole, [field]: undefined });
    expect(failure).toMatchObject({
      code: 'SecretMalformedError',
      message: expect.stringContaining(`(${field}: `) as string,
    });
    expect(String(failure)).not.toContain('Pa55');
  });

  test('must be of PostgreSQL', async () => {
    await expect(refused({ ...whole, engine: 'mysql' })).resolves.toMatchObject({
      code: 'SecretMalformedError',
    });
  });

  test('must be JSON, and is not told', async () => {
    const failure = await refused('Pa55-planted, but no object');
    expect(failure).toMatchObject({ code: 'SecretMalformedError' });
    expect(String(failure)).not.toContain('Pa55');
  });
});

test('7. an AWSPENDING value of this token is reused', async () => {
  const { context, secretArn, token } = await counted();
  await runSteps(context, token, ['createSecret']);
  const made = await valueAt(secretsManager, secretArn, 'AWSPENDING');
  await runSteps(context, token, ['createSecret', 'createSecret']);
  await expect(valueAt(secretsManager, secretArn, 'AWSPENDING')).resolves.toEqual(made);
});

test('7. an AWSPENDING value of this token that makes no sense is refused, not replaced', async () => {
  const { context, secretArn, token } = await counted();
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secretArn,
      ClientRequestToken: token,
      SecretString: '{}',
      VersionStages: ['AWSPENDING'],
    }),
  );
  for (const step of ['createSecret', 'setSecret', 'testSecret']) {
    await expect(runSteps(context, token, [step])).rejects.toMatchObject({ code: 'PendingNotUsableError' });
  }
});

test('7. a step that comes before the pending value was made is refused', async () => {
  const { context, token } = await counted();
  await expect(runSteps(context, token, ['setSecret'])).rejects.toMatchObject({
    code: 'PendingNotUsableError',
  });
});

test('7. an answer to PutSecretValue that is lost is healed by the next try', async () => {
  const memory = new MemorySecretsManager();
  const { context } = await counted();
  const secretArn = memory.createSecret({ word: 'first' });
  const token = memory.beginRotation(secretArn);
  let isLost = false;
  const send = async (command: object) => {
    const answer: unknown = await memory.client.send(command as never);
    if (isLost || !(command instanceof PutSecretValueCommand)) return answer;
    isLost = true;
    throw new Error('socket hang up');
  };
  const forgetful = {
    ...context,
    secretArn,
    secretsManager: { send } as unknown as SecretsManagerClient,
  };
  await expect(runSteps(forgetful, token)).rejects.toThrow('socket hang up');
  const made = memory.at(secretArn, 'AWSPENDING')?.value;
  await runSteps(forgetful, token);
  expect(memory.at(secretArn, 'AWSCURRENT')?.value).toBe(made);
});

test('8. the pending value is the current one with another password, under the token and AWSPENDING', async () => {
  const current = {
    engine: 'postgres',
    host: 'db.example',
    port: '5432',
    username: 'app',
    password: 'old',
    ssl: false,
    custom: { of: 'ours' },
  };
  const secretArn = await createSecret(secretsManager, current);
  const token = await beginRotation(secretsManager, secretArn);
  const strategy = singleUser({ mode: 'self', secretsManager, caFile: '/none' });
  await runSteps({ secretsManager, secretArn, strategy }, token, ['createSecret']);
  const pending = await valueAt(secretsManager, secretArn, 'AWSPENDING');
  expect(pending).toEqual({ ...current, password: expect.any(String) as string });
  expect(pending?.password).not.toBe('old');
  expect((await stagesOf(secretsManager, secretArn))[token]).toEqual(['AWSPENDING']);
});

describe('9. a new password', () => {
  const asked = async (rules?: Parameters<typeof newPassword>[1]) => {
    const mock = mockClient(secretsManager);
    const length = rules?.length ?? 32;
    mock.on(GetRandomPasswordCommand).resolves({ RandomPassword: 'x'.repeat(length) });
    await newPassword(secretsManager, rules);
    const { input } = mock.commandCalls(GetRandomPasswordCommand)[0]!.args[0];
    mock.restore();
    return input;
  };

  test('has 32 characters of each type, without those that break URLs and shells', async () => {
    await expect(asked()).resolves.toEqual({
      PasswordLength: 32,
      ExcludeCharacters: ':/@"\'\\`',
      ExcludeNumbers: false,
      ExcludePunctuation: false,
      ExcludeUppercase: false,
      ExcludeLowercase: false,
      IncludeSpace: false,
      RequireEachIncludedType: true,
    });
    const password = await newPassword(secretsManager);
    expect(password).toMatch(/^[!-~]{32}$/);
    expect(password).not.toMatch(/[:/@"'\\`]/);
  });

  test('follows each of seven settings', async () => {
    await expect(
      asked({
        length: 40,
        excludeCharacters: 'abc',
        excludeNumbers: true,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeLowercase: true,
        requireEachIncludedType: false,
      }),
    ).resolves.toMatchObject({
      PasswordLength: 40,
      ExcludeCharacters: 'abc',
      ExcludeNumbers: true,
      ExcludePunctuation: true,
      ExcludeUppercase: true,
      ExcludeLowercase: true,
      RequireEachIncludedType: false,
    });
  });
});

describe('23. finishSecret', () => {
  test('moves AWSCURRENT off the version that it was read from, and leaves AWSPENDING alone', async () => {
    const { context, secretArn, token } = await counted();
    const [before] = Object.entries(await stagesOf(secretsManager, secretArn)).find(([, stages]) =>
      stages.includes('AWSCURRENT'),
    )!;
    await runSteps(context, token);
    const stages = await stagesOf(secretsManager, secretArn);
    expect(stages[token]?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
    expect(stages[before]).toEqual(['AWSPREVIOUS']);
  });

  test('succeeds when its answer was lost and the SDK has sent it twice', async () => {
    const { context, secretArn, token } = await counted();
    await runSteps(context, token, STEPS.slice(0, 3));
    const send = async (command: object) => {
      const answer: unknown = await secretsManager.send(command as never);
      if (!(command instanceof UpdateSecretVersionStageCommand)) return answer;
      return await secretsManager.send(command as never);
    };
    const twice = { send } as unknown as SecretsManagerClient;
    await runSteps({ ...context, secretsManager: twice }, token, ['finishSecret']);
    expect((await stagesOf(secretsManager, secretArn))[token]).toContain('AWSCURRENT');
  });

  test('fails when the label could not be moved, and nothing is moved', async () => {
    const { context, secretArn, token } = await counted();
    await runSteps(context, token, STEPS.slice(0, 3));
    const before = await stagesOf(secretsManager, secretArn);
    const mock = mockClient(secretsManager);
    mock.on(UpdateSecretVersionStageCommand).rejects(new Error('AccessDenied'));
    mock.on(DescribeSecretCommand).resolves({ VersionIdsToStages: before });
    await expect(runSteps(context, token, ['finishSecret'])).rejects.toThrow('AccessDenied');
    mock.restore();
    await expect(stagesOf(secretsManager, secretArn)).resolves.toEqual(before);
  });
});

test('26. after a rotation AWSPENDING is on the current version, so the next rotation may begin; and it completes', async () => {
  const { context, secretArn, token } = await counted();
  await runSteps(context, token);
  const second = await rotate(context);
  const stages = await stagesOf(secretsManager, secretArn);
  expect(stages[second]).toEqual(expect.arrayContaining(['AWSCURRENT', 'AWSPENDING']));
  expect(stages[token]).toEqual(['AWSPREVIOUS']);
});

test('27. the whole process may come again at any step, in full, with the same result', async () => {
  for (let done = 1; done <= STEPS.length; done++) {
    const { context, secretArn, token } = await counted();
    await runSteps(context, token, STEPS.slice(0, done));
    await runSteps(context, token);
    await expect(valueAt(secretsManager, secretArn, 'AWSCURRENT')).resolves.toEqual({
      word: 'made-1',
      kept: [1],
    });
  }
});

describe('28. a value that somebody puts by hand during a rotation', () => {
  const during = async (done: number) => {
    const { context } = await counted();
    const memory = new MemorySecretsManager();
    const secretArn = memory.createSecret({ word: 'first' });
    const token = memory.beginRotation(secretArn);
    const own = { ...context, secretArn, secretsManager: memory.client };
    await runSteps(own, token, STEPS.slice(0, done));
    return { memory, secretArn, token, own };
  };

  test('stays current when it comes as the label is being moved', async () => {
    const { memory, secretArn, token, own } = await during(3);
    const send = (command: object) => {
      if (command instanceof UpdateSecretVersionStageCommand)
        memory.putByHand(secretArn, { word: 'by hand' });
      return memory.client.send(command as never) as unknown;
    };
    const late = { ...own, secretsManager: { send } as unknown as SecretsManagerClient };
    await expect(runSteps(late, token, ['finishSecret'])).rejects.toThrow(
      'AWSCURRENT is not on that version',
    );
    expect(memory.at(secretArn, 'AWSCURRENT')?.value).toBe('{"word":"by hand"}');
  });

  test('stays current once Secrets Manager has abandoned the rotation, whose steps are refused', async () => {
    for (let done = 0; done < STEPS.length; done++) {
      const { memory, secretArn, token, own } = await during(done);
      memory.putByHand(secretArn, { word: 'by hand' });
      // As a person does, or the service when the next rotation begins.
      memory.beginRotation(secretArn);
      await expect(runSteps(own, token, STEPS.slice(done))).rejects.toMatchObject({
        code: 'RotationVersionError',
      });
      expect(memory.at(secretArn, 'AWSCURRENT')?.value).toBe('{"word":"by hand"}');
    }
  });
});

describe('29. a cache user', () => {
  /** As ElastiCache: a change takes some looks, and none is taken meanwhile. */
  class Cache implements CacheUsers {
    passwords: readonly string[] = ['the-first-password'];
    looks = 0;
    waits = 0;
    userName = 'app';
    /** Looks until a change is through. */
    takes = 3;

    describe = () => {
      this.looks = Math.max(0, this.looks - 1);
      const status = this.looks > 0 ? 'modifying' : 'active';
      return Promise.resolve({ userName: this.userName, status, passwordCount: this.passwords.length });
    };

    setPasswords = (_userId: string, passwords: readonly string[]) => {
      if (this.looks > 0) return Promise.reject(new Error('InvalidUserState'));
      this.passwords = passwords;
      this.looks = this.takes;
      return Promise.resolve();
    };
  }

  const prepare = async (value: unknown = { username: 'app', password: 'the-first-password' }) => {
    const cache = new Cache();
    const secretArn = await createSecret(secretsManager, value);
    const wait = () => Promise.resolve(void cache.waits++);
    const strategy = cacheUser({ secretsManager, users: cache, userId: 'golive-test-app', wait });
    return { cache, secretArn, context: { secretsManager, secretArn, strategy } };
  };
  const passwordAt = async (secretArn: string, stage: string) =>
    (await valueAt(secretsManager, secretArn, stage))?.password;

  test('takes the pending and the current password at once, and keeps both after the rotation until the next', async () => {
    const { cache, secretArn, context } = await prepare();
    for (let rotation = 0; rotation < 3; rotation++) {
      const current = await passwordAt(secretArn, 'AWSCURRENT');
      await rotate(context);
      expect(cache.passwords).toEqual([await passwordAt(secretArn, 'AWSCURRENT'), current]);
      expect(cache.passwords[0]).toMatch(/^[A-Za-z0-9]{64}$/);
    }
    expect(cache.waits).toBeGreaterThan(0);
  });

  test('never loses the current password, though the rotation is abandoned after set, again and again', async () => {
    const { cache, secretArn, context } = await prepare();
    for (let rotation = 0; rotation < 3; rotation++) {
      const token = await beginRotation(secretsManager, secretArn);
      await runSteps(context, token, ['createSecret', 'setSecret', 'setSecret']);
      expect(cache.passwords).toContain('the-first-password');
    }
    await rotate(context);
    expect(cache.passwords).toEqual([await passwordAt(secretArn, 'AWSCURRENT'), 'the-first-password']);
  });

  test('that does not become active in time fails the step, with what to do', async () => {
    const { cache, secretArn, context } = await prepare();
    cache.takes = 1000;
    const token = await beginRotation(secretsManager, secretArn);
    await expect(runSteps(context, token)).rejects.toMatchObject({
      code: 'CacheUserNotReadyError',
      retryable: true,
      message: expect.stringContaining('still modifying after 600 s') as string,
    });
    expect(cache.passwords).toContain('the-first-password');
  });

  test('that somebody else set another number of passwords of is not called tested', async () => {
    const { cache, secretArn, context } = await prepare();
    const token = await beginRotation(secretsManager, secretArn);
    await runSteps(context, token, ['createSecret', 'setSecret']);
    cache.passwords = ['of somebody else'];
    await expect(runSteps(context, token, ['testSecret'])).rejects.toMatchObject({
      code: 'CacheUserNotReadyError',
    });
  });

  test('is not called tested before the cache has let in both passwords', async () => {
    const { cache, secretArn, context } = await prepare();
    const tried: string[] = [];
    let isOpen = true;
    const login = ({ password }: { readonly password: string }) => {
      tried.push(password);
      return isOpen ? Promise.resolve() : Promise.reject(new Error('WRONGPASS'));
    };
    const strategy = cacheUser({
      secretsManager,
      users: cache,
      userId: 'u',
      login,
      wait: () => Promise.resolve(),
    });
    await rotate({ ...context, strategy });
    expect(tried).toEqual(cache.passwords);
    isOpen = false;
    const token = await beginRotation(secretsManager, secretArn);
    await expect(runSteps({ ...context, strategy }, token)).rejects.toThrow('WRONGPASS');
    await expect(passwordAt(secretArn, 'AWSCURRENT')).resolves.toBe(tried[0]);
  });

  test('of another name than the secret says is left alone', async () => {
    const { cache, secretArn, context } = await prepare({
      username: 'admin',
      password: 'the-first-password',
    });
    const token = await beginRotation(secretsManager, secretArn);
    await expect(runSteps(context, token)).rejects.toMatchObject({ code: 'RotationUserMismatchError' });
    expect(cache.passwords).toEqual(['the-first-password']);
  });

  test('gets no password that ElastiCache would refuse', () => {
    const passwords = { length: 129 };
    expect(() => cacheUser({ secretsManager, users: new Cache(), userId: 'u', passwords })).toThrow(
      '16 to 128 characters',
    );
  });
});
