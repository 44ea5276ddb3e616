import { inspect } from 'node:util';
import * as z from 'zod';
import {
  createSecretsClient,
  SecretInvalidError,
  SecretsClientConfigurationError,
  SecretUnavailableError,
  type SecretMetric,
  type SecretsClientOptions,
} from '../../../../core/secrets/client';
import { FakeSecretsManager } from './fake-secrets-manager';

const schema = z.object({ username: z.string(), password: z.string().min(8) });
const GOOD = { username: 'shop', password: 'planted-one' };
const BETTER = { username: 'shop', password: 'planted-two' };
const definition = { id: 'arn:database', schema };
type Options = Partial<SecretsClientOptions<{ database: typeof definition }>>;

let service: FakeSecretsManager;
let metrics: SecretMetric[];
let logged: unknown[];
const open: { close(): void }[] = [];

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000_000 });
  service = new FakeSecretsManager('v1', GOOD);
  metrics = [];
  logged = [];
});
afterEach(() => {
  for (const client of open.splice(0)) client.close();
  jest.useRealTimers();
});

function makeClient(options: Options = {}) {
  const note = (message: string, fields: Record<string, unknown>) => logged.push([message, fields]);
  const client = createSecretsClient({
    secretsManager: service.client,
    secrets: { database: definition },
    environment: 'production',
    jitter: () => 0.5,
    onMetric: (metric) => metrics.push(metric),
    log: { info: note, warn: note },
    ...options,
  });
  open.push(client);
  return client;
}

const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1000);
const sum = (name: SecretMetric['name']) =>
  metrics.filter((metric) => metric.name === name).reduce((total, { value }) => total + value, 0);
const password = async (client: ReturnType<typeof makeClient>) =>
  (await client.get('database')).reveal().password;

describe('a client that is made in an unsafe way', () => {
  test.each(['production', 'staging', 'prod', 'dev', 'test', 'Development', ''])(
    'refuses secrets from the environment in "%s"',
    (environment) => {
      const make = () => makeClient({ environment, environmentFallback: () => 'x' });
      expect(make).toThrow(SecretsClientConfigurationError);
      expect(make).toThrow(/for development only.*leave environmentFallback out/);
    },
  );

  test('refuses a secret without an id outside of development', () => {
    const make = () =>
      createSecretsClient({
        secretsManager: service.client,
        secrets: { database: { id: undefined, schema } },
        environment: 'production',
      });
    expect(make).toThrow(
      'database must have an id in production: set it to the secret’s ARN'.replace('’', "'"),
    );
  });

  test.each<[string, Options]>([
    ['cacheSeconds', { cacheSeconds: 0 }],
    ['cacheSeconds', { cacheSeconds: Number.NaN }],
    ['cacheSeconds', { cacheSeconds: 86_401 }],
    ['staleLimitSeconds', { cacheSeconds: 300, staleLimitSeconds: 299 }],
    ['refreshIntervalSeconds', { refreshIntervalSeconds: -1 }],
  ])('refuses %s out of range', (name, options) => {
    expect(() => makeClient(options)).toThrow(new RegExp(`${name} must be`));
  });

  test('says which secrets there are when asked for another', async () => {
    const client = makeClient();
    await expect(client.get('databse' as 'database')).rejects.toThrow('the client knows database');
  });
});

describe('in development', () => {
  const environment = 'development';

  test('the environment stands in for a secret that cannot be read, and the log says so', async () => {
    service.failure = new Error('no credentials');
    const client = makeClient({ environment, environmentFallback: () => JSON.stringify(BETTER) });
    expect(await password(client)).toBe('planted-two');
    expect(client.version('database')).toBe('environment');
    expect(inspect(logged)).toContain('secret taken from the environment');
  });

  test('a secret without an id is not looked for', async () => {
    const client = createSecretsClient({
      secretsManager: service.client,
      secrets: { dsn: { id: undefined, schema: z.url(), format: 'text' } },
      environment,
      environmentFallback: (name) => (name === 'dsn' ? 'https://planted@sentry.example/1' : undefined),
    });
    open.push(client);
    expect((await client.get('dsn')).reveal()).toBe('https://planted@sentry.example/1');
    expect(service.reads).toEqual([]);
  });

  test('a secret that is nowhere is an error that says where to put it', async () => {
    const client = createSecretsClient({
      secretsManager: service.client,
      secrets: { database: { id: undefined, schema } },
      environment,
      environmentFallback: () => undefined,
    });
    open.push(client);
    await expect(client.get('database')).rejects.toThrow(/has no id, and the environment does not hold it/);
  });

  test('what the environment holds is checked, too', async () => {
    service.failure = new Error('no credentials');
    const client = makeClient({ environment, environmentFallback: () => '{"username":"shop"}' });
    await expect(client.get('database')).rejects.toThrow(SecretInvalidError);
  });

  test('an old copy from Secrets Manager is better than the environment', async () => {
    const client = makeClient({ environment, environmentFallback: () => JSON.stringify(BETTER) });
    await client.get('database');
    service.failure = new Error('down');
    await pass(400);
    expect(await password(client)).toBe('planted-one');
  });
});

describe('when Secrets Manager does not answer', () => {
  test('the first caller gets an error with the real cause and what to allow', async () => {
    service.failure = Object.assign(new Error('not authorized to perform'), {
      name: 'AccessDeniedException',
    });
    const error: unknown = await makeClient()
      .get('database')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SecretUnavailableError);
    expect(error).toMatchObject({ code: 'SecretUnavailableError', retryable: true, cause: service.failure });
    expect((error as Error).message).toMatch(
      /secret "database" \(arn:database\) could not be read: AccessDeniedException: not authorized to perform; allow/,
    );
  });

  test('an answer that was cut short is not quoted', async () => {
    // As the SDK throws when a body ends early; Node's message holds a piece of it.
    service.failure = new SyntaxError(`Unexpected token in "password":"planted-one"`);
    const error: unknown = await makeClient()
      .get('database')
      .catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: Infinity })).not.toContain('planted');
    expect(inspect(logged, { depth: Infinity })).not.toContain('planted');
  });

  test('a read that hangs is given up after five seconds', async () => {
    service.gate = new Promise(() => undefined);
    const answer = makeClient()
      .get('database')
      .catch((thrown: unknown) => thrown);
    await pass(5);
    expect(((await answer) as Error).message).toContain('no answer within 5 s');
  });

  test('the old copy is served up to the limit, then the error is', async () => {
    const client = makeClient({ cacheSeconds: 300, staleLimitSeconds: 3600 });
    await client.get('database');
    service.failure = new Error('down');
    await pass(3599);
    expect(await password(client)).toBe('planted-one');
    await pass(2);
    await expect(client.get('database')).rejects.toThrow(SecretUnavailableError);
    expect(sum('SecretRefreshFailures')).toBeGreaterThan(60);
    client.close();
    expect(sum('SecretStaleServes')).toBe(1);
  });

  test('callers do not wait for it again and again', async () => {
    const client = makeClient();
    await client.get('database');
    service.failure = new Error('down');
    await pass(3000);
    const before = service.reads.length;
    for (let call = 0; call < 1000; call += 1) await client.get('database');
    expect(service.reads.length).toBe(before);
    client.close();
    expect(sum('SecretStaleServes')).toBe(1000);
  });

  test('retries back off: about two a minute while a copy can be served', async () => {
    const client = makeClient();
    await client.get('database');
    service.failure = new Error('down');
    await pass(600);
    const before = service.reads.length;
    await pass(600);
    expect(service.reads.length - before).toBeLessThanOrEqual(30);
    expect(service.reads.length - before).toBeGreaterThanOrEqual(20);
  });

  test('it is found soon after it is back', async () => {
    const client = makeClient();
    await client.get('database');
    service.failure = new Error('down');
    await pass(1000);
    service.failure = undefined;
    service.put('v2', BETTER);
    await pass(30);
    expect(await password(client)).toBe('planted-two');
  });

  test('with no copy it is asked again within four seconds', async () => {
    const client = makeClient();
    service.failure = new Error('down');
    await expect(client.get('database')).rejects.toThrow(SecretUnavailableError);
    await pass(60);
    service.failure = undefined;
    await pass(4);
    expect(await password(client)).toBe('planted-one');
  });
});

describe('a value that the schema refuses', () => {
  const BAD = { username: 12345678, password: 'planted' };

  test('is an error that names fields and never values', async () => {
    service.put('v1', BAD);
    const error: unknown = await makeClient()
      .get('database')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SecretInvalidError);
    expect((error as Error).message).toContain(
      'username: invalid_type (string expected), password: too_small; put a corrected value',
    );
    expect(inspect([error, logged], { depth: Infinity, showHidden: true })).not.toMatch(/planted|12345678/);
  });

  test.each([
    ['text that is no JSON', z.object({}), 'planted-garbage'],
    [
      'a rule whose message quotes it',
      z.object({ username: z.string().refine(() => false, { error: ({ input }) => `no ${String(input)}` }) }),
      { username: 'planted' },
    ],
    [
      'a rule that throws',
      z.object({ username: z.string().transform((value) => JSON.parse(value) as unknown) }),
      { username: 'planted' },
    ],
  ])('does not leak through %s', async (_case, strict, value) => {
    service.put('v1', value);
    const client = createSecretsClient({
      secretsManager: service.client,
      secrets: { it: { id: 'arn', schema: strict } },
      environment: 'production',
    });
    open.push(client);
    const error: unknown = await client.get('it').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SecretInvalidError);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('planted');
  });

  test('leaves the good old one in use within the limit', async () => {
    const client = makeClient();
    await client.get('database');
    service.put('v2', BAD);
    await pass(3600);
    expect(await password(client)).toBe('planted-one');
    await pass(1);
    await expect(client.get('database')).rejects.toThrow(SecretInvalidError);
    service.put('v3', BETTER);
    await pass(30);
    expect(await password(client)).toBe('planted-two');
  });
});

describe('the cache', () => {
  test('a hundred callers at once share one read', async () => {
    const client = makeClient();
    const values = await Promise.all(Array.from({ length: 100 }, () => client.get('database')));
    expect(service.reads).toEqual(['AWSCURRENT']);
    expect(new Set(values).size).toBe(1);
  });

  test('nothing is read before somebody asks', async () => {
    makeClient();
    await pass(1000);
    expect(service.reads).toEqual([]);
  });

  test('a hundred callers share one failure, too', async () => {
    service.failure = new Error('down');
    const client = makeClient();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => client.get('database')));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(service.reads).toHaveLength(1);
  });

  test('a new version is there before the old copy has lived its life, and nobody waited for it', async () => {
    const client = makeClient({ cacheSeconds: 300 });
    const first = await client.get('database');
    service.put('v2', BETTER);
    await pass(239);
    expect(await client.get('database')).toBe(first);
    await pass(2);
    expect(await password(client)).toBe('planted-two');
    expect(client.version('database')).toBe('v2');
    client.close();
    expect(sum('SecretCacheMisses')).toBe(1);
    expect(sum('SecretCacheHits')).toBe(2);
  });

  test.each([
    [0, 210],
    [0.5, 240],
    [0.999_999, 270],
  ])('with jitter %d the background read comes after %d s', async (dice, seconds) => {
    const client = makeClient({ jitter: () => dice, cacheSeconds: 300 });
    await client.get('database');
    await pass(seconds - 1);
    expect(service.reads).toHaveLength(1);
    await pass(1.1);
    expect(service.reads).toHaveLength(2);
  });

  test('a hundred clients that start together do not read together', async () => {
    const clients = Array.from({ length: 100 }, () => makeClient({ jitter: Math.random }));
    await Promise.all(clients.map((client) => client.get('database')));
    let most = 0;
    for (let second = 0; second < 300; second += 1) {
      const before = service.reads.length;
      await pass(1);
      most = Math.max(most, service.reads.length - before);
    }
    expect(service.reads.length).toBe(200);
    expect(most).toBeLessThan(15);
  });

  test('the same version stays the same object', async () => {
    const client = makeClient();
    const first = await client.get('database');
    await pass(1000);
    expect(await client.get('database')).toBe(first);
  });

  test('where timers stood still, as in a frozen function, the caller waits for a new copy', async () => {
    let now = 0;
    const client = makeClient({ now: () => now });
    await client.get('database');
    service.put('v2', BETTER);
    now = 301_000;
    expect(await password(client)).toBe('planted-two');
  });

  test('a clock that was set back neither stops it nor keeps a copy for ever', async () => {
    let now = 1_000_000_000;
    const client = makeClient({ now: () => now });
    await client.get('database');
    now = 0;
    service.put('v2', BETTER);
    await pass(241);
    expect(await password(client)).toBe('planted-two');
  });

  test('timers keep no process alive, and none is left after close', async () => {
    jest.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await makeClient().get('database');
    expect(timers()).toBe(before);
    jest.useFakeTimers();
    const other = makeClient();
    await other.get('database');
    expect(jest.getTimerCount()).toBe(1);
    other.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(await password(other)).toBe('planted-one');
  });

  test('a read under way when it is closed starts no timer', async () => {
    const client = makeClient();
    const answer = client.get('database');
    client.close();
    await answer;
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a refresh', () => {
  test('reads at once, though the copy is young', async () => {
    const client = makeClient();
    await client.get('database');
    service.put('v2', BETTER);
    const fresh = await client.refresh('database', { failedVersion: 'v1' });
    expect(fresh.reveal().password).toBe('planted-two');
  });

  test('gives the copy to who failed with an older version, without a read', async () => {
    const client = makeClient();
    await client.get('database');
    service.put('v2', BETTER);
    await client.refresh('database', { failedVersion: 'v1' });
    const reads = service.reads.length;
    expect((await client.refresh('database', { failedVersion: 'v1' })).version).toBe('v2');
    expect(service.reads.length).toBe(reads);
  });

  test('a hundred that failed share one read, and the next hundred wait a second for theirs', async () => {
    const client = makeClient();
    await client.get('database');
    const herd = () =>
      Promise.all(Array.from({ length: 100 }, () => client.refresh('database', { failedVersion: 'v1' })));
    await herd();
    expect(service.reads).toHaveLength(2);
    const second = herd();
    await pass(0.9);
    expect(service.reads).toHaveLength(2);
    service.put('v2', BETTER);
    await pass(0.2);
    expect((await second).map(({ version }) => version)).toEqual(Array(100).fill('v2'));
    expect(service.reads).toHaveLength(3);
  });

  test('is not content with a read that started before the failure', async () => {
    const client = makeClient();
    await client.get('database');
    let open = (): void => undefined;
    service.gate = new Promise((resolve) => (open = resolve));
    await pass(241);
    expect(service.reads).toHaveLength(2);
    service.put('v2', BETTER);
    const fresh = client.refresh('database', { failedVersion: 'v1' });
    service.gate = undefined;
    open();
    expect((await fresh).version).toBe('v2');
    expect(service.reads).toHaveLength(3);
  });

  test('fails when it cannot be had, for the copy is the one that failed; others still get it', async () => {
    const client = makeClient();
    await client.get('database');
    service.failure = new Error('down');
    await expect(client.refresh('database', { failedVersion: 'v1' })).rejects.toThrow(SecretUnavailableError);
    expect(await password(client)).toBe('planted-one');
  });

  test('without a version it is about the one in memory', async () => {
    const client = makeClient();
    await client.refresh('database');
    expect(client.version('database')).toBe('v1');
    service.put('v2', BETTER);
    const fresh = client.refresh('database');
    await pass(1);
    expect((await fresh).version).toBe('v2');
  });

  test('tells who listens of each new version, once, until he stops', async () => {
    const client = makeClient();
    const heard: string[] = [];
    client.onChange('database', () => {
      throw new Error('a listener with a bug');
    });
    const stop = client.onChange('database', ({ version }) => heard.push(version));
    await client.get('database');
    service.put('v2', BETTER);
    await client.refresh('database');
    await pass(1000);
    stop();
    service.put('v3', GOOD);
    await pass(1000);
    expect(heard).toEqual(['v2']);
    expect(client.version('database')).toBe('v3');
  });
});

describe('the pending version', () => {
  test('is none when no rotation is under way', async () => {
    expect(await makeClient().pending('database')).toBeUndefined();
  });

  test('is read for a herd at once, and never becomes the copy', async () => {
    const client = makeClient();
    await client.get('database');
    service.put('v2', BETTER, 'AWSPENDING');
    const all = await Promise.all(Array.from({ length: 100 }, () => client.pending('database')));
    expect(all.map((value) => value?.version)).toEqual(Array(100).fill('v2'));
    expect(service.reads).toEqual(['AWSCURRENT', 'AWSPENDING']);
    expect(client.version('database')).toBe('v1');
    const second = client.pending('database');
    await pass(0.9);
    expect(service.reads).toHaveLength(2);
    await pass(0.2);
    await second;
    expect(service.reads).toHaveLength(3);
  });
});

describe('metrics', () => {
  test('say how old the copy and the version are, in seconds', async () => {
    service.createdAt = new Date(Date.now() - 86_400_000);
    const client = makeClient();
    await client.get('database');
    service.failure = new Error('down');
    await pass(240.5);
    const last = (name: SecretMetric['name']) => metrics.findLast((metric) => metric.name === name);
    expect(last('SecretCacheAge')).toEqual({
      name: 'SecretCacheAge',
      unit: 'Seconds',
      value: expect.closeTo(240, 2) as number,
      secret: 'database',
    });
    expect(last('SecretVersionAge')).toMatchObject({
      unit: 'Seconds',
      value: expect.closeTo(86_640, 2) as number,
    });
    expect(last('SecretRefreshFailures')).toMatchObject({ unit: 'Count', value: 1 });
  });

  test('are few, however many ask', async () => {
    const client = makeClient();
    for (let call = 0; call < 10_000; call += 1) await client.get('database');
    client.close();
    expect(metrics.length).toBeLessThan(15);
    expect(sum('SecretCacheHits')).toBe(9_999);
  });
});

test('nothing that the client gives, logs or measures shows a value', async () => {
  const client = makeClient();
  const value = await client.get('database');
  service.put('v2', BETTER);
  await client.refresh('database');
  service.failure = new Error('down');
  await pass(600);
  const all = [client, value, logged, metrics, await client.get('database')];
  expect(inspect(all, { depth: Infinity, showHidden: true })).not.toContain('planted');
  expect(JSON.stringify(all)).not.toContain('planted');
  expect(logged.length).toBeGreaterThan(0);
});

test('types come from the schemas', async () => {
  const client = makeClient();
  const value = await client.get('database');
  const revealed: { username: string; password: string } = value.reveal();
  expect(revealed).toEqual(GOOD);
  // @ts-expect-error the schema has no such field
  expect(value.reveal().host).toBeUndefined();
});
