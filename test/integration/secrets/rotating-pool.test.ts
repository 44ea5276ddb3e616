import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { DatabaseSecret } from '../../../core/postgres/endpoint';
import {
  DatabaseAuthenticationError,
  DatabaseConnectionError,
  DatabaseTlsError,
} from '../../../core/postgres/errors';
import {
  createSecretsClient,
  PoolEndedError,
  rotatingPool,
  SecretUnavailableError,
  type RotatingPool,
} from '../../../core/secrets/client';
import { makeLocalCertificates } from '../../../local/certificates';
import { until } from '../../support/processes';
import { startPoolWorld, type PoolWorld } from './pool-support';

let world: PoolWorld;
let user: string;
let secret: string;
let users = 0;
let logged: string[];
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startPoolWorld();
});
afterAll(() => world.stop());
beforeEach(async () => {
  users += 1;
  user = `shop${users}`;
  logged = [];
  secret = await world.createUser(user, 'planted-one');
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  // Whatever happened, nobody wrote down a password.
  if (logged.some((line) => line.includes('planted'))) throw new Error(`leaked: ${logged.join('; ')}`);
});

/** A client and a pool as a service would have them; refreshes keep no distance, so that tests need not wait. */
function open(
  options: {
    readonly id?: string;
    readonly tryPending?: boolean;
    readonly caFile?: string;
    readonly max?: number;
  } = {},
) {
  const note = (message: string, fields: Record<string, unknown>) =>
    logged.push(inspect({ message, fields }, { depth: Infinity, showHidden: true }));
  const log = { info: note, warn: note };
  const { secretsManager } = world;
  const state = { isDown: false };
  const send = (...command: Parameters<typeof secretsManager.send>) =>
    state.isDown ? Promise.reject(new Error('Secrets Manager is down')) : secretsManager.send(...command);
  const client = createSecretsClient({
    secretsManager: { send } as Pick<typeof secretsManager, 'send'>,
    secrets: { database: { id: options.id ?? secret, schema: DatabaseSecret } },
    environment: 'production',
    refreshIntervalSeconds: 0,
    log,
  });
  const pool = rotatingPool({
    client,
    name: 'database',
    caFile: options.caFile ?? world.postgres.caFile,
    tryPending: options.tryPending ?? true,
    settings: { max: options.max ?? 4, application_name: user },
    log,
  });
  cleanUps.push(
    () => client.close(),
    () => pool.end(),
  );
  return { client, pool, state };
}

const whoAmI = async (pool: RotatingPool) =>
  (await pool.query<{ name: string }>('SELECT session_user AS name')).rows[0]?.name;
const failureOf = async (work: Promise<unknown>) => {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  return failure as Error & { cause?: unknown };
};
/** The backends of this test's pool, as the server sees them. */
const backends = () =>
  world.postgres.query(world.postgres.superuser, async (client) => {
    const { rows } = await client.query<{ pid: number; usename: string; state: string }>(
      'SELECT pid, usename, state FROM pg_stat_activity WHERE application_name = $1',
      [user],
    );
    return rows;
  });
/** Makes the next query need a new connection. */
const breakConnections = () =>
  world.postgres.query(world.postgres.superuser, (client) =>
    client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1', [
      user,
    ]),
  );
const login = (password: string, username = user) => ({ username, password });

describe('a login that is refused for good', () => {
  test('is an error with the server’s words, the version and what was tried, and no value', async () => {
    const { pool } = open();
    await world.setPassword(user, 'planted-else');
    const error = await failureOf(pool.query('SELECT 1'));
    expect(error).toBeInstanceOf(DatabaseAuthenticationError);
    expect(error.message).toContain(`password authentication failed for user "${user}"`);
    expect(error.message).toContain(`with version ${pool.version} of secret "database"`);
    expect(error.message).toContain('see that the secret holds the role');
    expect(error.cause).toMatchObject({ code: '28P01' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('planted');
  });

  test('heals by itself when the secret is corrected', async () => {
    const { pool } = open();
    await world.setPassword(user, 'planted-else');
    await failureOf(pool.query('SELECT 1'));
    await world.put(secret, login('planted-else'));
    expect(await whoAmI(pool)).toBe(user);
  });

  test('with a pending version that the server does not know yet, says so', async () => {
    const { pool } = open();
    const pending = await world.put(secret, login('planted-early'), 'AWSPENDING');
    await world.setPassword(user, 'planted-else');
    const error = await failureOf(pool.query('SELECT 1'));
    expect(error.message).toContain(`version ${pending}: DatabaseAuthenticationError`);
  });

  test('of a role that may not log in is treated alike', async () => {
    const { pool } = open();
    await world.postgres.query(world.postgres.master, (client) => client.query(`ALTER ROLE ${user} NOLOGIN`));
    const error = await failureOf(pool.query('SELECT 1'));
    expect(error.cause).toMatchObject({ code: '28000' });
  });
});

describe('what is not about the password', () => {
  test('a server that does not prove who it is gets no login', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'golive-pool-test-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const caFile = join(folder, 'other.pem');
    await writeFile(caFile, (await makeLocalCertificates()).authority);
    const { pool } = open({ caFile });
    expect(await failureOf(pool.query('SELECT 1'))).toBeInstanceOf(DatabaseTlsError);
  });

  test('a secret that cannot be read is that error', async () => {
    const { pool } = open({ id: 'there-is-none' });
    expect(await failureOf(pool.query('SELECT 1'))).toBeInstanceOf(SecretUnavailableError);
  });

  test('a statement that fails is sent once, and the connection is used again', async () => {
    const { pool } = open({ max: 1 });
    await world.postgres.query(world.postgres.master, (client) =>
      client.query(`CREATE SEQUENCE calls${users}; GRANT ALL ON SEQUENCE calls${users} TO ${user}`),
    );
    const pid = async () =>
      (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    const before = await pid();
    const error = await failureOf(pool.query(`SELECT 1 / (nextval('calls${users}') - 1)`));
    expect(error).toMatchObject({ code: '22012' });
    const { rows } = await pool.query<{ calls: string }>(`SELECT last_value AS calls FROM calls${users}`);
    expect(rows[0]?.calls).toBe('1');
    expect(await pid()).toBe(before);
  });

  test('a statement that itself ends in 28P01 is not sent again', async () => {
    const { pool } = open();
    let runs = 0;
    const error = await failureOf(
      pool.withClient((client) => {
        runs += 1;
        return client.query(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '28P01'; END $$`);
      }),
    );
    expect(error).toMatchObject({ code: '28P01' });
    expect(runs).toBe(1);
  });

  test('a connection with a transaction left open is given to nobody', async () => {
    const { pool } = open({ max: 1 });
    await pool.withClient((client) => client.query('BEGIN'));
    const { rows } = await pool.query<{ isNew: boolean }>('SELECT now() = statement_timestamp() AS "isNew"');
    expect(rows[0]?.isNew).toBe(true);
  });

  test('after its end a pool refuses work by name', async () => {
    const { pool } = open();
    await pool.query('SELECT 1');
    await pool.end();
    expect(await failureOf(pool.query('SELECT 1'))).toBeInstanceOf(PoolEndedError);
    expect(await backends()).toEqual([]);
  });
});

describe('the password changed under the pool', () => {
  test('what is connected goes on, and new connections find the new one', async () => {
    const { pool } = open();
    await whoAmI(pool);
    await world.setPassword(user, 'planted-two');
    const version = await world.put(secret, login('planted-two'));
    // Four at once need more connections than the one that there is.
    const names = await Promise.all(
      Array.from({ length: 4 }, () =>
        pool.query<{ name: string }>('SELECT session_user AS name, pg_sleep(0.05)'),
      ),
    );
    expect(names.map(({ rows }) => rows[0]?.name)).toEqual(Array(4).fill(user));
    expect(pool.version).toBe(version);
  });

  test('a herd that is refused shares one search', async () => {
    const { pool } = open({ max: 20 });
    await whoAmI(pool);
    await world.setPassword(user, 'planted-two');
    await world.put(secret, login('planted-two'));
    await breakConnections();
    await until(() => Promise.resolve(logged.some((line) => line.includes('an idle connection was lost'))));
    await Promise.all(Array.from({ length: 100 }, () => pool.query('SELECT 1')));
    expect(logged.filter((line) => line.includes('connections follow the secret'))).toHaveLength(1);
    expect(logged.filter((line) => line.includes('secret has a new version'))).toHaveLength(1);
  });
});

describe('between set and finish of a single user’s rotation', () => {
  test('the pending version is used when the current one is refused, and stays when it becomes current', async () => {
    const { client, pool } = open();
    const before = await client.get('database');
    const pending = await world.put(secret, login('planted-two'), 'AWSPENDING');
    await world.setPassword(user, 'planted-two');
    expect(await whoAmI(pool)).toBe(user);
    expect(pool.version).toBe(pending);
    expect(client.version('database')).toBe(before.version);
    const [{ pid } = { pid: 0 }] = await backends();
    await world.finish(secret, pending);
    await client.refresh('database');
    expect(await whoAmI(pool)).toBe(user);
    expect((await backends()).map((backend) => backend.pid)).toEqual([pid]);
  });

  test('it is left alone when that is not wanted', async () => {
    const { pool } = open({ tryPending: false });
    await world.put(secret, login('planted-two'), 'AWSPENDING');
    await world.setPassword(user, 'planted-two');
    expect(await failureOf(pool.query('SELECT 1'))).toBeInstanceOf(DatabaseAuthenticationError);
  });
});

describe('an alternating user that becomes current in the background', () => {
  const alternate = async () => {
    await world.postgres.query(world.postgres.master, (client) =>
      client.query(`CREATE ROLE ${user}_clone LOGIN PASSWORD 'planted-clone'`),
    );
    return await world.put(secret, login('planted-clone', `${user}_clone`));
  };

  test('gets all new work, while a long query of the old one ends in peace and its connection with it', async () => {
    const { client, pool } = open();
    await whoAmI(pool);
    const long = pool.query<{ name: string }>('SELECT session_user AS name, pg_sleep(1)');
    await until(async () => (await backends()).some(({ state }) => state === 'active'));
    const version = await alternate();
    await client.refresh('database');
    await until(() => Promise.resolve(pool.version === version));
    expect(await whoAmI(pool)).toBe(`${user}_clone`);
    expect((await backends()).map(({ usename }) => usename).sort()).toEqual([user, `${user}_clone`]);
    expect((await long).rows[0]?.name).toBe(user);
    await until(async () => (await backends()).every(({ usename }) => usename !== user));
  });

  test('who waits for a connection of the old one still gets it', async () => {
    const { client, pool } = open({ max: 1 });
    const waiting = Array.from({ length: 5 }, () =>
      pool.query<{ name: string }>('SELECT session_user AS name, pg_sleep(0.1)'),
    );
    await until(async () => (await backends()).length > 0);
    const version = await alternate();
    await client.refresh('database');
    await until(() => Promise.resolve(pool.version === version));
    const names = (await Promise.all(waiting)).map(({ rows }) => rows[0]?.name);
    expect(names).toEqual(Array(5).fill(user));
    await until(async () => (await backends()).every(({ usename }) => usename !== user));
  });

  test('gets no work while it cannot log in: the old one works on, and the log says so', async () => {
    const { client, pool } = open();
    await whoAmI(pool);
    const before = pool.version;
    await world.put(secret, login('planted-wrong'));
    await client.refresh('database');
    await until(() => Promise.resolve(logged.some((line) => line.includes('the old one stays in use'))));
    expect(pool.version).toBe(before);
    expect(await whoAmI(pool)).toBe(user);
  });

  test('when the pool ends, it waits for what is in flight in old and new', async () => {
    const { client, pool } = open();
    const long = pool.query('SELECT pg_sleep(2)');
    await until(async () => (await backends()).some(({ state }) => state === 'active'));
    const version = await alternate();
    await client.refresh('database');
    await until(() => Promise.resolve(pool.version === version));
    const other = pool.query('SELECT pg_sleep(2)');
    await until(async () => (await backends()).filter(({ state }) => state === 'active').length === 2);
    await pool.end();
    await Promise.all([long, other]);
    expect(await backends()).toEqual([]);
  });
});

describe('when Secrets Manager does not answer', () => {
  test('connections are made as before: PostgreSQL decides who may log in', async () => {
    const { client, pool, state } = open();
    await whoAmI(pool);
    state.isDown = true;
    await breakConnections();
    await client.refresh('database').catch(() => undefined);
    await until(() => Promise.resolve(logged.some((line) => line.includes('an idle connection was lost'))));
    expect(await whoAmI(pool)).toBe(user);
  });

  test('and the password has changed, the error says both', async () => {
    const { pool, state } = open();
    await whoAmI(pool);
    state.isDown = true;
    await world.setPassword(user, 'planted-two');
    await breakConnections();
    await until(() => Promise.resolve(logged.some((line) => line.includes('an idle connection was lost'))));
    const error = await failureOf(pool.query('SELECT 1'));
    expect(error).toBeInstanceOf(DatabaseAuthenticationError);
    expect(error.message).toMatch(/password authentication failed.*Secrets Manager is down/);
  });
});

describe('when the server goes away', () => {
  test('idle connections that are lost harm nobody', async () => {
    const { pool } = open();
    await Promise.all([pool.query('SELECT pg_sleep(0.05)'), pool.query('SELECT pg_sleep(0.05)')]);
    await breakConnections();
    await until(() => Promise.resolve(logged.some((line) => line.includes('an idle connection was lost'))));
    expect(await whoAmI(pool)).toBe(user);
  });

  test('a statement in flight fails with the server’s reason and is not sent again', async () => {
    const { pool } = open();
    const long = failureOf(pool.query('SELECT pg_sleep(30)'));
    await until(async () => (await backends()).some(({ state }) => state === 'active'));
    await breakConnections();
    expect(await long).toMatchObject({ code: '57P01' });
    expect(await whoAmI(pool)).toBe(user);
  });

  test('it is there again after the server’s restart, with a new password at that', async () => {
    const { pool } = open();
    await whoAmI(pool);
    const long = failureOf(pool.query('SELECT pg_sleep(30)'));
    await until(async () => (await backends()).some(({ state }) => state === 'active'));
    await world.setPassword(user, 'planted-two');
    await world.put(secret, login('planted-two'));
    const [victim] = await backends();
    // The server restarts itself when a backend is killed, and lets nobody in meanwhile.
    await new Promise((resolve) => execFile('kill', ['-KILL', String(victim?.pid)], resolve));
    await long;
    const refusals: unknown[] = [];
    await until(async () => {
      const name = await whoAmI(pool).catch((error: unknown) => void refusals.push(error));
      return name === user;
    });
    expect(refusals.filter((error) => !(error instanceof DatabaseConnectionError))).toEqual([]);
  });
});
