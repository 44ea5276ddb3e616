import { randomBytes } from 'node:crypto';
import { alternatingUsers, runRotationStep, ROTATION_STEPS } from '../../../core/secrets/rotation';
import { tcpGate, type TcpGate } from '../../support/tcp-gate';
import { until } from '../../support/processes';
import {
  CACHE_ACCESS,
  CACHE_USER,
  OWNER,
  openGateway,
  startMigratedWorld,
  type Gateway,
  type GatewayOptions,
  type GatewayWorld,
} from './gateway-world';

let world: GatewayWorld;
let cacheGate: TcpGate;
let databaseGate: TcpGate;
let gateway: Gateway;
let token: string;
let project: string;

const repository = 'https://github.com/example/shop';
const through = (options: GatewayOptions = {}): Promise<Gateway> =>
  openGateway(world, {
    ...options,
    variables: { CACHE_PORT: String(cacheGate.port), ...options.variables },
    parts: { secretsManager: throughGate(), ...options.parts },
  });

/** The secret of the database leads through the gate. */
function throughGate() {
  const { client } = world.memory;
  const ask = client.send.bind(client) as unknown as (command: object) => Promise<{ SecretString?: string }>;
  const send = async (command: object) => {
    const answer = await ask(command);
    const real = `"port":${world.postgres.master.port}`;
    return { ...answer, SecretString: answer.SecretString?.replace(real, `"port":${databaseGate.port}`) };
  };
  return { send } as unknown as Pick<typeof client, 'send'>;
}

beforeAll(async () => {
  world = await startMigratedWorld();
  [cacheGate, databaseGate] = await Promise.all([
    tcpGate(world.redis.port),
    tcpGate(world.postgres.master.port),
  ]);
  gateway = await through({ parts: { secretsManager: throughGate(), pool: { query_timeout: 700 } } });
  token = await gateway.signIn();
  const made = await gateway.ask('POST', '/api/v1/projects', { token, body: { name: 'Shop', repository } });
  project = `/api/v1/projects/${made.body['id'] as string}`;
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([cacheGate?.stop(), databaseGate?.stop()]);
  await world?.stop();
});
afterEach(async () => {
  cacheGate.open();
  databaseGate.open();
  // By itself, whatever was done to it.
  await until(async () => (await gateway.ask('GET', '/health/ready')).body['status'] === 'ok');
});

const statusOf = async (path: string, as = token) => (await gateway.ask('GET', path, { token: as })).status;
const expectUnavailable = (answer: Awaited<ReturnType<Gateway['ask']>>) => {
  expect([answer.status, answer.body['type']]).toEqual([503, 'tag:golive.example,2026:problem/unavailable']);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.text).not.toMatch(/golive_app|localhost|\d+\.\d+\.\d+\.\d+|prisma/i);
};

describe('the cache is away', () => {
  test('nothing fails, and what is ready says that it is degraded', async () => {
    cacheGate.close();
    await until(() => !gateway.parts.cache.isReady);
    expect(await statusOf(project)).toBe(200);
    const changed = await gateway.ask('PATCH', project, { token, body: { name: 'Renamed without' } });
    expect(changed.status).toBe(200);
    expect((await gateway.ask('GET', project, { token })).body['name']).toBe('Renamed without');
    const ready = await gateway.ask('GET', '/health/ready');
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: 'degraded', database: 'ok', cache: 'away', shuttingDown: false },
    ]);
    const status = await gateway.ask('GET', '/api/v1/status', { token });
    expect([status.status, status.body['cache']]).toEqual([200, { ok: false, latencyMs: null }]);
  });

  test('who signs out is signed out', async () => {
    cacheGate.close();
    await until(() => !gateway.parts.cache.isReady);
    const mine = await gateway.signIn();
    expect(await statusOf('/api/v1/me', mine)).toBe(200);
    expect((await gateway.ask('DELETE', '/api/v1/sessions/current', { token: mine })).status).toBe(204);
    expect(await statusOf('/api/v1/me', mine)).toBe(401);
  });

  test('the limits hold in each task’s memory', async () => {
    const small = await through({ api: { perMinute: { address: 2, user: 100 } } });
    try {
      cacheGate.close();
      await until(() => !small.parts.cache.isReady);
      const answers = [];
      for (let count = 0; count < 4; count += 1) {
        answers.push((await small.ask('GET', '/api/nowhere', { from: '198.51.100.99' })).status);
      }
      expect(answers).toEqual([404, 404, 429, 429]);
    } finally {
      await small.stop();
    }
  });

  test('it begins without, and finds it when it comes', async () => {
    cacheGate.close();
    const early = await through({ waitsForCache: false });
    try {
      expect((await early.ask('GET', project, { token })).status).toBe(200);
      cacheGate.open();
      await until(() => early.parts.cache.isReady);
      await early.ask('GET', project, { token });
      expect(await early.metrics.registry.metrics()).toMatch(
        /gateway_cache_reads_total\{cached="golive:project:1",outcome="(hit|miss)"\} [1-9]/,
      );
    } finally {
      await early.stop();
    }
  });

  test('a cache that says nothing holds up one request for a moment, and then nobody', async () => {
    expect(await statusOf(project)).toBe(200);
    cacheGate.swallow();
    // The first ones find out; while one is found out about, the others need not.
    expect(await statusOf(project)).toBe(200);
    const started = performance.now();
    expect(await statusOf(project)).toBe(200);
    expect(gateway.parts.cache.isReady).toBe(false);
    // Less than one command may take: nobody asked.
    expect(performance.now() - started).toBeLessThan(250);
  });

  test('a password that has gone is read anew', async () => {
    const password = randomBytes(24).toString('base64url');
    world.memory.putByHand(world.arns.cache, { username: CACHE_USER, password });
    await world.redis.setUser(CACHE_USER, CACHE_ACCESS, [password]);
    cacheGate.hangUp();
    await until(() => !gateway.parts.cache.isReady);
    await until(() => gateway.parts.cache.isReady);
    expect(gateway.logged.join('\n')).not.toContain(password);
  });
});

describe('the database is away', () => {
  test('what needs it is told so, and what is cached goes on', async () => {
    expect(await statusOf(project)).toBe(200);
    databaseGate.close();
    expectUnavailable(await gateway.ask('GET', '/api/v1/projects', { token }));
    expectUnavailable(
      await gateway.ask('POST', '/api/v1/sessions', { body: { email: 'a@example.com', password: 'p' } }),
    );
    expectUnavailable(await gateway.ask('PATCH', project, { token, body: { name: 'Lost' } }));
    const ready = await gateway.ask('GET', '/health/ready');
    expect([ready.status, ready.body]).toEqual([
      200,
      expect.objectContaining({ status: 'degraded', database: 'away' }),
    ]);
    expect(await statusOf('/health/live')).toBe(200);
    databaseGate.open();
    await until(async () => (await statusOf('/api/v1/projects')) === 200);
  });

  test('a database that says nothing is waited for no longer than the limit', async () => {
    expect(await statusOf('/api/v1/projects')).toBe(200);
    databaseGate.swallow();
    const started = performance.now();
    expectUnavailable(await gateway.ask('GET', '/api/v1/projects', { token }));
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('connections that are cut while they work cost their own request alone', async () => {
    const answers = Promise.all(
      Array.from({ length: 30 }, () => gateway.ask('GET', '/api/v1/projects', { token })),
    );
    await world.postgres.query(world.postgres.superuser, (client) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'golive-gateway'`,
      ),
    );
    expect([200, 503]).toEqual(
      expect.arrayContaining([...new Set((await answers).map(({ status }) => status))]),
    );
    await until(async () => (await statusOf('/api/v1/projects')) === 200);
  });

  test('of too many who wait, most are refused at once, and nobody waits for ever', async () => {
    const narrow = await through({ variables: { DATABASE_CONNECTIONS: '1' } });
    try {
      expect((await narrow.ask('GET', '/api/v1/projects', { token })).status).toBe(200);
      const answers = await whileLocked(() =>
        Promise.all(Array.from({ length: 40 }, () => narrow.ask('GET', '/api/v1/projects', { token }))),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      answers.forEach(expectUnavailable);
      const busy = narrow.logged.filter((line) => line.includes('DatabaseBusyError'));
      // One has the connection and ten wait for it.
      expect(busy).toHaveLength(29);
      expect((await narrow.ask('GET', '/api/v1/projects', { token })).status).toBe(200);
    } finally {
      await narrow.stop();
    }
  });
});

/** Nobody reads projects meanwhile. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const endpoint = { ...world.postgres.superuser, database: world.postgres.master.database };
  return await world.postgres.query(endpoint, async (client) => {
    await client.query('BEGIN; LOCK TABLE golive.projects IN ACCESS EXCLUSIVE MODE');
    try {
      return await work();
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

test('a rotation of its login, twice under load, fails no request', async () => {
  // Every few statements a connection is made anew: that is what a rotation could break.
  const task = await openGateway(world, { parts: { cacheSeconds: 1, pool: { maxUses: 5 } } });
  const strategy = alternatingUsers({
    secretsManager: world.memory.client,
    caFile: world.postgres.caFile,
    ownerRole: OWNER,
  });
  const failed: unknown[] = [];
  let done = 0;
  let isOver = false;
  const load = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const answer =
        turn % 3 === 0
          ? await task.ask('POST', '/api/v1/projects', {
              token,
              body: { name: `P${Math.random()}`, repository },
            })
          : await task.ask('GET', '/api/v1/projects?limit=1', { token });
      if (answer.status >= 400) failed.push(answer.body);
      done += 1;
    }
  };
  try {
    const loads = [load(), load(), load(), load()];
    const users = new Set<string>();
    for (let rotation = 0; rotation < 2; rotation += 1) {
      const secretArn = world.arns.database;
      const ClientRequestToken = world.memory.beginRotation(secretArn);
      for (const Step of ROTATION_STEPS) {
        const log = { info: () => undefined };
        const event = { Step, SecretId: secretArn, ClientRequestToken };
        await runRotationStep(event, { secretsManager: world.memory.client, secretArn, strategy, log });
      }
      // It is followed before the next one, as in a month it would be.
      const { username } = JSON.parse(world.memory.at(secretArn, 'AWSCURRENT')!.value!) as {
        username: string;
      };
      users.add(username);
      await until(() =>
        task.logged.some((line) => line.includes('follow the secret') && line.includes(`"${username}"`)),
      );
      const before = done;
      await until(() => done > before + 20);
    }
    isOver = true;
    await Promise.all(loads);
    expect(users).toEqual(new Set(['golive_app', 'golive_app_clone']));
    expect(failed).toEqual([]);
    expect(done).toBeGreaterThan(50);
    const { rows } = await world.postgres.query(
      { ...world.postgres.superuser, database: world.postgres.master.database },
      (client) =>
        client.query<{ owner: string }>(
          `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'golive'`,
        ),
    );
    expect(rows).toEqual([{ owner: OWNER }]);
  } finally {
    isOver = true;
    await task.stop();
  }
});
