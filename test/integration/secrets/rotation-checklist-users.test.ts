import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Client } from 'pg';
import { withSession } from '../../../core/postgres/session';
import {
  alternateOf,
  alternatingUsers,
  singleUser,
  type AlternatingUsersOptions,
  type DatabaseInstances,
} from '../../../core/secrets/rotation';
import { makeLocalCertificates } from '../../../local/certificates';
import { MemorySecretsManager } from '../../support/memory-secrets-manager';
import {
  beginRotation,
  createSecret,
  OWNER,
  rotate,
  runSteps,
  stagesOf,
  startRotationWorld,
  valueAt,
  valueOf,
  worksAt,
  type RotationWorld,
  type StepsContext,
} from './rotation-support';

/** The statements of facts/rotation.md §1 about logging in and setting a password, each by its number. */

let world: RotationWorld;
beforeAll(async () => {
  world = await startRotationWorld();
});
afterAll(() => world.stop());

let users = 0;
const newName = () => `user_${++users}`;

function alternating(secretArn: string, options: Partial<AlternatingUsersOptions> = {}): StepsContext {
  const { secretsManager, postgres } = world;
  const strategy = alternatingUsers({
    secretsManager,
    caFile: postgres.caFile,
    ownerRole: OWNER,
    ...options,
  });
  return { secretsManager, secretArn, strategy };
}

function byItself(secretArn: string, options: Partial<AlternatingUsersOptions> = {}): StepsContext {
  const { secretsManager, postgres } = world;
  const strategy = singleUser({ mode: 'self', secretsManager, caFile: postgres.caFile, ...options });
  return { secretsManager, secretArn, strategy };
}

function byMaster(secretArn: string, username: string, options: Partial<AlternatingUsersOptions> = {}) {
  const { secretsManager, postgres } = world;
  const strategy = singleUser({
    mode: 'by-master',
    username,
    readOnly: true,
    secretsManager,
    caFile: postgres.caFile,
    ...options,
  });
  return { secretsManager, secretArn, strategy };
}

/** Notes who connects. */
function watched() {
  const connected: string[] = [];
  const lend: typeof withSession = (endpoint, name, limits, use) => {
    connected.push(endpoint.user);
    return withSession(endpoint, name, limits, use);
  };
  return { connected, withSession: lend };
}

/** Makes a pending version that differs from the current one in this. */
async function pendingWith(arn: string, changes: object): Promise<string> {
  const { secretsManager } = world;
  const token = await beginRotation(secretsManager, arn);
  const current = await valueAt(secretsManager, arn, 'AWSCURRENT');
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      ClientRequestToken: token,
      SecretString: JSON.stringify({ ...current, password: 'pending-1', ...changes }),
      VersionStages: ['AWSPENDING'],
    }),
  );
  return token;
}

/** Everything that a rotation could have changed: each role with its password, members and settings. */
async function rolesNow(): Promise<unknown> {
  return await world.postgres.query(world.postgres.superuser, async (client: Client) => {
    const { rows } = await client.query<object>(
      `SELECT (SELECT json_agg(a ORDER BY rolname) FROM pg_authid AS a) AS roles,
              (SELECT json_agg(m ORDER BY roleid, member) FROM pg_auth_members AS m) AS members,
              (SELECT json_agg(s ORDER BY setrole) FROM pg_db_role_setting AS s) AS settings`,
    );
    return rows;
  });
}

/** Expects a step to be refused, with nothing changed in the database and no label moved. */
async function expectRefused(context: StepsContext, token: string, failure: object, step = 'setSecret') {
  const before = [await rolesNow(), await stagesOf(world.secretsManager, context.secretArn)];
  await expect(runSteps(context, token, [step])).rejects.toMatchObject(failure);
  expect([await rolesNow(), await stagesOf(world.secretsManager, context.secretArn)]).toEqual(before);
}

describe('10. two users take turns', () => {
  test('name and name_clone, and the password of the one before stays until the next rotation', async () => {
    const { secretsManager } = world;
    const name = newName();
    const arn = await world.createUser(name);
    for (const expected of [`${name}_clone`, name, `${name}_clone`]) {
      await rotate(alternating(arn));
      expect((await valueAt(secretsManager, arn, 'AWSCURRENT'))?.username).toBe(expected);
      await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
      await expect(worksAt(world, arn, 'AWSPREVIOUS')).resolves.toBe(true);
    }
  });

  test('a name whose alternate is longer than 63 bytes is refused before anything is made; letters of two bytes count twice', async () => {
    expect(alternateOf('a'.repeat(57))).toBe(`${'a'.repeat(57)}_clone`);
    expect(alternateOf(`${'a'.repeat(57)}_clone`)).toBe('a'.repeat(57));
    for (const name of ['a'.repeat(58), 'ä'.repeat(29), '_clone']) {
      expect(() => alternateOf(name)).toThrow('63 bytes');
    }
    const { secretsManager } = world;
    const arn = await createSecret(secretsManager, {
      ...valueOf({ ...world.postgres.master, user: 'a'.repeat(63) }),
      masterarn: world.masterArn,
    });
    const token = await beginRotation(secretsManager, arn);
    await expectRefused(alternating(arn), token, { code: 'RotationUserMismatchError' }, 'createSecret');
    await expect(valueAt(secretsManager, arn, 'AWSPENDING')).resolves.toBeUndefined();
  });
});

test('11. set that was done before is not done again: the master is not asked', async () => {
  const name = newName();
  const arn = await world.createUser(name);
  const token = await beginRotation(world.secretsManager, arn);
  await runSteps(alternating(arn), token, ['createSecret', 'setSecret']);
  const before = await rolesNow();
  const { connected, ...options } = watched();
  await runSteps(alternating(arn, options), token, ['setSecret']);
  expect(connected).toEqual([`${name}_clone`]);
  await expect(rolesNow()).resolves.toEqual(before);
});

test('11. improved: when the pending user logs in but has lost a right since, set gives it back', async () => {
  const name = newName();
  const arn = await world.createUser(name);
  const token = await beginRotation(world.secretsManager, arn);
  await runSteps(alternating(arn), token, ['createSecret', 'setSecret']);
  await world.postgres.query(world.postgres.superuser, (client) =>
    client.query(`REVOKE ${OWNER} FROM ${name}_clone`),
  );
  await expect(runSteps(alternating(arn), token, ['testSecret'])).rejects.toMatchObject({
    code: 'PendingRightsError',
  });
  await runSteps(alternating(arn), token);
  await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
});

describe('12. a pending user who is not', () => {
  const failure = { code: 'RotationUserMismatchError' };

  test('the alternate of the current one is refused', async () => {
    const arn = await world.createUser(newName());
    const token = await pendingWith(arn, { username: 'golive_admin' });
    await expectRefused(alternating(arn), token, failure);
    await expectRefused(alternating(arn), token, failure, 'testSecret');
  });

  test('the current one is refused, by itself and by the master', async () => {
    const name = newName();
    const arn = await world.createUser(name);
    const token = await pendingWith(arn, { username: `${name}_clone` });
    await expectRefused(byItself(arn), token, failure);
    await expectRefused(byItself(arn), token, failure, 'testSecret');
    await expectRefused(byMaster(arn, name), token, failure);
  });

  test('improved: the one that the function serves is refused, though the secret names it in both versions', async () => {
    const arn = await world.createUser(newName());
    const token = await pendingWith(arn, {});
    await expectRefused(byMaster(arn, 'golive_backup'), token, failure);
  });
});

test('13. a pending host, or port, that is not the current one is refused, and is sent no password', async () => {
  const { connected, ...options } = watched();
  for (const elsewhere of [{ host: '127.0.0.1' }, { port: 1 }]) {
    const name = newName();
    const arn = await world.createUser(name);
    const single = await pendingWith(arn, elsewhere);
    await expectRefused(byItself(arn, options), single, { code: 'HostMismatchError' });
    await expectRefused(byMaster(arn, name, options), single, { code: 'HostMismatchError' });
    const other = await pendingWith(arn, { username: `${name}_clone`, ...elsewhere });
    await expectRefused(alternating(arn, options), other, { code: 'HostMismatchError' });
  }
  expect(connected).toEqual([]);
});

describe('14. a single user by itself', () => {
  test('logs in as pending, then current, then previous, and sets the password by the first that works', async () => {
    const name = newName();
    const arn = await world.createUser(name, { password: 'the-oldest' });
    await rotate(byItself(arn));
    await world.postgres.query(world.postgres.superuser, (client) =>
      client.query(`ALTER ROLE ${name} PASSWORD 'the-oldest'`),
    );
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(false);
    const passwords: string[] = [];
    const lend: typeof withSession = (endpoint, application, limits, use) => {
      passwords.push(endpoint.password);
      return withSession(endpoint, application, limits, use);
    };
    const token = await beginRotation(world.secretsManager, arn);
    await runSteps(byItself(arn, { withSession: lend }), token, ['createSecret', 'setSecret']);
    const [pending, current] = await Promise.all(
      ['AWSPENDING', 'AWSCURRENT'].map((stage) => valueAt(world.secretsManager, arn, stage)),
    );
    expect(passwords.slice(0, 3)).toEqual([pending?.password, current?.password, 'the-oldest']);
    await runSteps(byItself(arn), token);
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });

  test('is refused when none works, and the previous one is not tried at another host or for another user', async () => {
    for (const other of [{ host: '127.0.0.1' }, { username: 'golive_admin' }]) {
      const name = newName();
      const memory = new MemorySecretsManager();
      const value = valueOf({ ...world.postgres.master, user: name, password: 'works' });
      await world.createUser(name, { password: 'works' });
      const arn = memory.createSecret({ ...value, ...other });
      memory.putByHand(arn, { ...value, password: 'does not work' });
      const token = memory.beginRotation(arn);
      const { connected, ...options } = watched();
      const context = {
        ...byItself(arn, { ...options, secretsManager: memory.client }),
        secretsManager: memory.client,
      };
      await expect(runSteps(context, token)).rejects.toMatchObject({
        code: 'NoWorkingCredentialsError',
        message: expect.not.stringContaining('does not work') as string,
      });
      expect(connected).toEqual([name, name]);
    }
  });
});

test('14. improved: with the master’s help a single user needs no password that still works', async () => {
  const name = newName();
  const arn = await world.createUser(name, { readOnly: true, value: { password: 'wrong' } });
  await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(false);
  await rotate(byMaster(arn, name));
  await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
});

test('15. without a current password that works the master does nothing for alternating users', async () => {
  const name = newName();
  const arn = await world.createUser(name, { value: { password: 'a guess' } });
  const token = await beginRotation(world.secretsManager, arn);
  const { connected, ...options } = watched();
  await runSteps(alternating(arn), token, ['createSecret']);
  await expectRefused(alternating(arn, options), token, {
    code: 'NoWorkingCredentialsError',
    message: expect.not.stringContaining('a guess') as string,
  });
  expect(connected).toEqual([`${name}_clone`, name]);
});

describe('16. the master', () => {
  test('is read from masterarn, AWSCURRENT, and works in the database of the child', async () => {
    const database = await world.postgres.createDatabase('child');
    await world.postgres.query(database, (client) =>
      client.query(`GRANT CREATE ON SCHEMA public TO ${OWNER}`),
    );
    const masterArn = await createSecret(world.secretsManager, {
      ...valueOf(world.postgres.master),
      dbname: 'postgres',
    });
    const arn = await world.createUser(newName(), { masterArn, value: { dbname: 'child' } });
    const databases: string[] = [];
    const lend: typeof withSession = (endpoint, application, limits, use) => {
      databases.push(
        `${endpoint.user === world.postgres.master.user ? 'master' : 'child'} in ${endpoint.database}`,
      );
      return withSession(endpoint, application, limits, use);
    };
    await rotate(alternating(arn, { withSession: lend }));
    expect(new Set(databases)).toEqual(new Set(['child in child', 'master in child']));
  });

  test('must be named', async () => {
    const arn = await world.createUser(newName(), { value: { masterarn: undefined } });
    const token = await beginRotation(world.secretsManager, arn);
    await expectRefused(
      alternating(arn),
      token,
      { code: 'SecretMalformedError', message: expect.stringContaining('masterarn') as string },
      'createSecret',
    );
  });

  test('whose secret cannot be read is said', async () => {
    const arn = await world.createUser(newName(), {
      masterArn: 'arn:aws:secretsmanager:eu-west-1:1:secret:gone-abcdef',
    });
    const token = await beginRotation(world.secretsManager, arn);
    await runSteps(alternating(arn), token, ['createSecret']);
    await expectRefused(alternating(arn), token, {
      code: 'DatabaseSecretError',
      message: expect.stringContaining('gone-abcdef could not be read') as string,
    });
  });

  test('whose secret lacks fields is said, without its password', async () => {
    const { host, username } = valueOf(world.postgres.master);
    const masterArn = await createSecret(world.secretsManager, { host, username, password: 'Pa55-planted' });
    const arn = await world.createUser(newName(), { masterArn });
    const token = await beginRotation(world.secretsManager, arn);
    await runSteps(alternating(arn), token, ['createSecret']);
    await expectRefused(alternating(arn), token, {
      code: 'SecretMalformedError',
      message: expect.not.stringContaining('Pa55') as string,
    });
  });

  test('improved: cannot be the user of the secret itself', async () => {
    const value = { ...valueOf(world.postgres.master), masterarn: world.masterArn };
    const arn = await createSecret(world.secretsManager, value);
    const token = await beginRotation(world.secretsManager, arn);
    await runSteps(alternating(arn), token, ['createSecret']);
    await expectRefused(alternating(arn), token, { code: 'MasterMismatchError' });
  });
});

describe('17. a master of another instance', () => {
  const elsewhere = async () => {
    const masterArn = await createSecret(world.secretsManager, {
      ...valueOf(world.postgres.master),
      host: '127.0.0.1',
    });
    const name = newName();
    const arn = await world.createUser(name, { masterArn });
    const token = await beginRotation(world.secretsManager, arn);
    await runSteps(alternating(arn), token, ['createSecret']);
    return { arn, token, name };
  };
  const instances = (isReplica: boolean): DatabaseInstances => ({
    describeByArn: () => Promise.resolve(undefined),
    isReplica: (host, ofHost) => Promise.resolve(isReplica && host === 'localhost' && ofHost === '127.0.0.1'),
  });

  test('is refused, and is sent no password', async () => {
    const { arn, token, name } = await elsewhere();
    for (const known of [undefined, instances(false)]) {
      const { connected, ...options } = watched();
      await expectRefused(alternating(arn, { ...options, instances: known }), token, {
        code: 'MasterMismatchError',
      });
      expect(connected).toEqual([`${name}_clone`, name]);
    }
  });

  test('is refused for a single user, too', async () => {
    const { arn, name } = await elsewhere();
    const single = await beginRotation(world.secretsManager, arn);
    await runSteps(byMaster(arn, name), single, ['createSecret']);
    await expectRefused(byMaster(arn, name), single, { code: 'MasterMismatchError' });
  });

  test('is taken when the user’s host is its replica', async () => {
    const { arn, token } = await elsewhere();
    await runSteps(alternating(arn, { instances: instances(true) }), token);
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });
});

describe('18. a master secret that RDS manages, with a name and a password only', () => {
  const INSTANCE = 'arn:aws:rds:eu-west-1:123456789012:db:shop';
  const prepare = async (tags: { Key: string; Value: string }[]) => {
    const { user, password, host, port } = world.postgres.master;
    const memory = new MemorySecretsManager();
    const masterArn = memory.createSecret({ username: user, password });
    memory.tags.set(masterArn, tags);
    const name = newName();
    await world.createUser(name, { password: 'first' });
    const value = valueOf({ ...world.postgres.master, user: name, password: 'first' });
    const arn = memory.createSecret({ ...value, masterarn: masterArn });
    const asked: string[] = [];
    const instances: DatabaseInstances = {
      describeByArn: (given) => {
        asked.push(given);
        return Promise.resolve(given === INSTANCE ? { host, port, engine: 'postgres' } : undefined);
      },
      isReplica: () => Promise.resolve(false),
    };
    const options = { secretsManager: memory.client, instances };
    const context = { ...alternating(arn, options), secretsManager: memory.client };
    return { context, token: memory.beginRotation(arn), asked, memory, arn, options };
  };

  test('is found by the tag that RDS puts on it', async () => {
    for (const Key of ['aws:rds:primaryDBInstanceArn', 'aws:rds:primaryDBClusterArn']) {
      const { context, token, asked, memory, arn } = await prepare([{ Key, Value: INSTANCE }]);
      await runSteps(context, token);
      expect(asked).toEqual([INSTANCE]);
      expect(memory.stages(arn)[token]).toContain('AWSCURRENT');
    }
  });

  test.each([
    ['no tag', []],
    [
      'a tag of over 256 characters',
      [{ Key: 'aws:rds:primaryDBInstanceArn', Value: `${INSTANCE}${'p'.repeat(256)}` }],
    ],
    [
      'a tag of an instance that is gone',
      [{ Key: 'aws:rds:primaryDBInstanceArn', Value: `${INSTANCE}-gone` }],
    ],
  ])('with %s is refused', async (_, tags) => {
    const { context, token } = await prepare(tags);
    const before = await rolesNow();
    await expect(runSteps(context, token)).rejects.toMatchObject({ code: 'MasterMismatchError' });
    await expect(rolesNow()).resolves.toEqual(before);
  });

  test('is refused where nobody can ask RDS', async () => {
    const { token, arn, memory } = await prepare([{ Key: 'aws:rds:primaryDBInstanceArn', Value: INSTANCE }]);
    const context = { ...alternating(arn, { secretsManager: memory.client }), secretsManager: memory.client };
    await expect(runSteps(context, token)).rejects.toMatchObject({ code: 'MasterMismatchError' });
  });
});

describe('19. names are quoted, and a password is in no statement', () => {
  const HOSTILE = [`o'brien "; DROP ROLE ${OWNER}; --`, 'ümläut Ω', '$$ \\ %s', 'x'.repeat(57)];
  const EVERY_CHARACTER = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');

  test.each(HOSTILE)('user %s', async (name) => {
    const arn = await world.createUser(name);
    await rotate(alternating(arn));
    await rotate(alternating(arn));
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
    await expect(worksAt(world, arn, 'AWSPREVIOUS')).resolves.toBe(true);
    await rotate(byItself(arn));
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });

  test('user of 63 characters, who has no alternate', async () => {
    const name = `"${'x'.repeat(60)}"'`;
    const arn = await world.createUser(name, { readOnly: true });
    await rotate(byMaster(arn, name));
    await rotate(byItself(arn, { readOnly: true }));
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });

  test('a password of every printable character logs in, and is in no statement that the server was given', async () => {
    const name = newName();
    const arn = await world.createUser(name, { readOnly: true });
    const statements: string[] = [];
    const lend: typeof withSession = (endpoint, application, limits, use) =>
      withSession(endpoint, application, limits, (client) => {
        const query = (text: string, values?: unknown[]) => {
          statements.push(text, ...((values ?? []) as string[]));
          return client.query(text, values);
        };
        return use({ query } as unknown as Client);
      });
    const token = await pendingWith(arn, { password: EVERY_CHARACTER });
    await runSteps(byMaster(arn, name, { withSession: lend }), token);
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
    expect(statements.join('\n')).toContain(`ALTER ROLE "${name}" PASSWORD 'SCRAM-SHA-256$4096:`);
    expect(statements.join('\n')).not.toContain(EVERY_CHARACTER.slice(40));
  });

  test('a password that servers and clients may read differently is refused', async () => {
    const name = newName();
    const arn = await world.createUser(name);
    for (const password of ['pässword', 'pass\u0000word', 'tab\tword']) {
      const token = await pendingWith(arn, { password });
      await expectRefused(byItself(arn), token, { code: expect.stringMatching(/^Password/) as string });
    }
  });
});

describe('24. TLS', () => {
  test('always, though the secret says ssl: false', async () => {
    const arn = await world.createUser(newName(), { value: { ssl: false } });
    const encrypted: boolean[] = [];
    const lend: typeof withSession = (endpoint, application, limits, use) =>
      withSession(endpoint, application, limits, (client) => {
        const { connection } = client as unknown as { readonly connection: { readonly stream: object } };
        encrypted.push(connection.stream instanceof TLSSocket);
        return use(client);
      });
    await rotate(alternating(arn, { withSession: lend }));
    // Current, master and pending.
    expect(encrypted).toEqual([true, true, true]);
    expect(await valueAt(world.secretsManager, arn, 'AWSCURRENT')).toMatchObject({ ssl: false });
  });

  test('with a server that has none nothing is sent to it but the question', async () => {
    const { server, port, received } = await serverWithoutTls();
    const arn = await createSecret(world.secretsManager, {
      ...valueOf({ ...world.postgres.master, port }),
      ssl: false,
    });
    const token = await beginRotation(world.secretsManager, arn);
    await expect(runSteps(byItself(arn), token)).rejects.toMatchObject({ code: 'DatabaseTlsError' });
    server.close();
    // SSLRequest: its length, and a number that is no version.
    expect(Buffer.concat(received).toString('hex')).toBe('0000000804d2162f');
  });
});

describe('25. the real cause is told', () => {
  const failing = async (value: object, options: Partial<AlternatingUsersOptions> = {}): Promise<Error> => {
    const arn = await createSecret(world.secretsManager, { ...valueOf(world.postgres.master), ...value });
    const token = await beginRotation(world.secretsManager, arn);
    return await runSteps(byItself(arn, options), token).then(
      () => new Error('nothing failed'),
      (error: unknown) => error as Error,
    );
  };

  test('of a certificate that is not trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'golive-ca-'));
    const caFile = `${folder}/other.pem`;
    writeFileSync(caFile, (await makeLocalCertificates()).authority);
    const failure = await failing({}, { caFile });
    rmSync(folder, { recursive: true });
    expect(failure).toMatchObject({
      code: 'DatabaseTlsError',
      message: expect.stringMatching(/certificate|signature/) as string,
    });
    expect(failure.cause).toHaveProperty('message');
  });

  test('of a server that is not there', async () => {
    await expect(failing({ port: 1 })).resolves.toMatchObject({
      code: 'DatabaseConnectionError',
      message: expect.stringContaining('ECONNREFUSED') as string,
      retryable: true,
    });
  });

  test('of a database that is not there', async () => {
    await expect(failing({ dbname: 'nowhere' })).resolves.toMatchObject({
      code: 'DatabaseConnectionError',
      message: expect.stringContaining('no database "nowhere"') as string,
    });
  });
});

async function serverWithoutTls(): Promise<{ server: Server; port: number; received: Buffer[] }> {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      received.push(data);
      socket.write('N');
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { server, port: (server.address() as { port: number }).port, received };
}
