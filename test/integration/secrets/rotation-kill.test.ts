import { randomBytes } from 'node:crypto';
import { escapeLiteral, type Client } from 'pg';
import { postgresClient } from '../../../core/postgres/endpoint';
import { withSession } from '../../../core/postgres/session';
import { alternatingUsers, singleUser, type DatabaseRotationOptions } from '../../../core/secrets/rotation';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { MemorySecretsManager } from '../../support/memory-secrets-manager';
import { Killed, Killer } from './rotation-killer';
import { runSteps, valueOf, type DatabaseValue, type Strategy } from './rotation-support';

const OWNER = 'golive_owner';

let postgres: LocalPostgres;
let superuser: Client;
const memory = new MemorySecretsManager();
let masterArn: string;

beforeAll(async () => {
  postgres = await startPostgres();
  superuser = await postgresClient(
    { ...postgres.superuser, database: postgres.master.database },
    'golive-test',
  );
  await superuser.connect();
  await superuser.query(`CREATE ROLE ${OWNER} NOLOGIN; GRANT ${OWNER} TO ${postgres.master.user}`);
  await superuser.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER}`);
  masterArn = memory.createSecret(valueOf(postgres.master));
});
afterAll(async () => {
  await superuser.end();
  await postgres.stop();
});

type MakeStrategy = (options: DatabaseRotationOptions) => Strategy;

interface KilledRotation {
  readonly arn: string;
  readonly make: MakeStrategy;
  /** Comes before each rotation. */
  readonly before?: () => Promise<unknown>;
  /** Holds after each kill. */
  readonly afterKill: () => Promise<unknown>;
}

/** Runs the steps until they are killed; returns after what, or undefined when there was nothing to kill them after. */
async function runUntilKilled(
  { arn, make }: KilledRotation,
  token: string,
  spared: ReadonlySet<string>,
): Promise<string | undefined> {
  const killer = new Killer(spared);
  const secretsManager = killer.secretsManager(memory.client);
  const { caFile } = postgres;
  const strategy = make({ secretsManager, caFile, withSession: killer.withSession });
  try {
    await runSteps({ secretsManager, secretArn: arn, strategy }, token);
  } catch (error) {
    expect(rootOf(error)).toBeInstanceOf(Killed);
  }
  return killer.struck;
}

async function completes({ arn, make }: KilledRotation, token: string): Promise<void> {
  const strategy = make({ secretsManager: memory.client, caFile: postgres.caFile });
  await runSteps({ secretsManager: memory.client, secretArn: arn, strategy }, token);
  expect(memory.stages(arn)[token]).toEqual(expect.arrayContaining(['AWSPENDING', 'AWSCURRENT']));
  await expect(works(arn, 'AWSCURRENT')).resolves.toBe(true);
}

/** A rotation for each of its calls: killed after that one, run again, and complete. */
async function killOnceEach(rotation: KilledRotation): Promise<string[]> {
  const struck = new Set<string>();
  for (;;) {
    await rotation.before?.();
    const token = memory.beginRotation(rotation.arn);
    const after = await runUntilKilled(rotation, token, struck);
    if (after === undefined) return [...struck];
    struck.add(after);
    await rotation.afterKill();
    await completes(rotation, token);
  }
}

/** One rotation that is killed again and again, each time after a call at which it never was killed before. */
async function killAgainAndAgain(rotation: KilledRotation): Promise<string[]> {
  const struck = new Set<string>();
  await rotation.before?.();
  const token = memory.beginRotation(rotation.arn);
  for (;;) {
    const after = await runUntilKilled(rotation, token, struck);
    if (after === undefined) break;
    struck.add(after);
    await rotation.afterKill();
  }
  await completes(rotation, token);
  return [...struck];
}

const kills = [
  ['once, after each statement of each step in turn', killOnceEach],
  ['again and again, each time after another statement', killAgainAndAgain],
] as const;

describe.each(kills)('a function that is killed %s', (_, kill) => {
  test('alternating users: the current one always logs in, and the rotation completes', async () => {
    const { arn, username } = await createUser(`GRANT ${OWNER}`);
    const struck = await kill({
      arn,
      make: (options) => alternatingUsers({ ...options, ownerRole: OWNER }),
      before: async () => {
        // One way the alternate user is there, from the rotation before; the other way it is made each time.
        if (kill === killAgainAndAgain) return await rotateOnce(arn);
        const other = valueAt(arn, 'AWSCURRENT').username === username ? `${username}_clone` : username;
        await superuser.query(`DROP ROLE IF EXISTS ${other}`);
      },
      afterKill: () => expect(works(arn, 'AWSCURRENT')).resolves.toBe(true),
    });
    const all = struck.join('\n');
    const makes = kill === killOnceEach ? ['CREATE ROLE', `GRANT "${OWNER}"`] : ['ALTER ROLE'];
    for (const call of ['PutSecretValue', ...makes, 'COMMIT', 'UpdateSecretVersionStage']) {
      expect(all).toContain(call);
    }
  });

  test('a user whom the master helps: current or pending always logs in, and the rotation completes', async () => {
    const { arn, username } = await createUser('GRANT pg_read_all_data');
    const struck = await kill({
      arn,
      make: (options) => singleUser({ ...options, mode: 'by-master', username, readOnly: true }),
      afterKill: () => expectOneWorks(arn),
    });
    expect(struck.join('\n')).toMatch(/ALTER ROLE .*\n.*COMMIT/);
  });

  test('a user by itself: current or pending always logs in, and the rotation completes', async () => {
    const { arn } = await createUser(`GRANT ${OWNER}`);
    const struck = await kill({
      arn,
      make: (options) => singleUser({ ...options, mode: 'self' }),
      afterKill: () => expectOneWorks(arn),
    });
    expect(struck.join('\n')).toMatch(/ALTER ROLE .*\n.*COMMIT/);
  });
});

test('while the master, killed between set and finish, logs in with its pending password only, its users rotate still', async () => {
  const master = { ...postgres.master, user: 'other_master', password: 'first' };
  await superuser.query(`CREATE ROLE other_master LOGIN CREATEROLE PASSWORD 'first'`);
  await superuser.query(`GRANT ${OWNER} TO other_master`);
  const otherMasterArn = memory.createSecret(valueOf(master));
  const { arn } = await createUser(`GRANT ${OWNER}`, otherMasterArn);
  const options = { secretsManager: memory.client, caFile: postgres.caFile };

  const masterToken = memory.beginRotation(otherMasterArn);
  const strategy = singleUser({ ...options, mode: 'self' });
  const context = { secretsManager: memory.client, secretArn: otherMasterArn, strategy };
  await runSteps(context, masterToken, ['createSecret', 'setSecret']);
  await expect(works(otherMasterArn, 'AWSCURRENT')).resolves.toBe(false);

  await rotateOnce(arn);
  await runSteps(context, masterToken, ['testSecret', 'finishSecret']);
  await expect(works(otherMasterArn, 'AWSCURRENT')).resolves.toBe(true);
});

async function rotateOnce(arn: string): Promise<void> {
  const make: MakeStrategy = (options) => alternatingUsers({ ...options, ownerRole: OWNER });
  await completes({ arn, make, afterKill: () => Promise.resolve() }, memory.beginRotation(arn));
}

let users = 0;

/** A login that acts as the owner when it may, and its secret. */
async function createUser(grant: string, masterarn = masterArn) {
  const username = `killed_${++users}`;
  const password = randomBytes(18).toString('base64url');
  await superuser.query(`CREATE ROLE ${username} LOGIN PASSWORD ${escapeLiteral(password)}`);
  await superuser.query(`${grant} TO ${username}`);
  if (grant.includes(OWNER)) await superuser.query(`ALTER ROLE ${username} SET role = ${OWNER}`);
  const value = valueOf({ ...postgres.master, user: username, password });
  return { username, arn: memory.createSecret({ ...value, masterarn }) };
}

function valueAt(arn: string, stage: string): DatabaseValue {
  return JSON.parse(memory.at(arn, stage)?.value ?? '{}') as DatabaseValue;
}

async function works(arn: string, stage: string): Promise<boolean> {
  const { username: user, password } = valueAt(arn, stage);
  const endpoint = { ...postgres.master, user, password };
  const limits = { statementTimeoutMs: 10_000 };
  return await withSession(endpoint, 'golive-test', limits, () => Promise.resolve(true)).catch(() => false);
}

async function expectOneWorks(arn: string): Promise<void> {
  expect((await works(arn, 'AWSCURRENT')) || (await works(arn, 'AWSPENDING'))).toBe(true);
}

/** What was thrown first. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}
