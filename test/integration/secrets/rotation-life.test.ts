import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { currentKey, KeyRing, nextKey } from '../../../core/secrets/key-ring';
import { startPlatform, type LocalPlatform } from '../../../local/platform';
import { until } from '../../support/processes';
import { synthesisedLocal } from '../support/synthesised';
import { golive } from '../support/golive';
import { askForRoles, auditOf, currentValue, endpointOf, query, type LoginSecret } from './platform-support';

/** One platform for all of it, and in this order: it is one life. */
describe('the life of secrets, by the bundles that are deployed', () => {
  let assembly: string;
  let platform: LocalPlatform;

  beforeAll(async () => {
    assembly = await synthesisedLocal();
    platform = await startPlatform({ assembly });
  });

  afterAll(async () => {
    await platform?.stop();
  });

  const app = () => endpointOf(platform, 'App');
  const backup = () => endpointOf(platform, 'Backup');
  const sql = (endpoint: Awaited<ReturnType<typeof app>>, text: string) => query(platform, endpoint, text);

  test('deploying makes the roles: the services’ login acts as the owner, and the dumps’ login reads', async () => {
    const [acting] = await sql(
      await app(),
      'SELECT session_user::text AS logged, current_user::text AS acts',
    );
    expect(acting).toEqual({ logged: 'golive_app', acts: 'golive_owner' });
    await sql(await app(), 'CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)');
    expect(await sql(await backup(), 'SELECT id FROM orders')).toEqual([{ id: 1 }]);
    expect(
      await sql(
        platform.database.superuser,
        `SELECT rolcanlogin FROM pg_roles WHERE rolname = 'golive_owner'`,
      ),
    ).toEqual([{ rolcanlogin: false }]);
  });

  test('and the key rings have their first keys', async () => {
    for (const schedule of ['Jwt', 'Data']) {
      const ring = KeyRing.parse(await currentValue(platform, schedule));
      expect([currentKey(ring).state, nextKey(ring)?.state]).toEqual(['current', 'next']);
    }
  });

  test('a rotation whose function was killed half-way is tried again, and then complete', async () => {
    const before = await app();
    const { superuser } = platform.database;
    const rotated = await platform.database.query(superuser, async (blocker) => {
      // Advisory locks are the database's own.
      return await platform.database.query({ ...superuser, database: before.database }, async (holder) => {
        await holder.query("SELECT pg_advisory_lock(hashtext('golive rotation'))");
        let kills = 0;
        return await platform.rotate('Rotations/App/', {
          attempts: 2,
          onInvocation: (running, step) => {
            if (step !== 'setSecret' || kills++ > 0) return;
            const isWaiting = async () => {
              const waiting = `SELECT FROM pg_stat_activity WHERE application_name = 'golive-rotation' AND wait_event = 'advisory'`;
              return (await blocker.query(waiting)).rowCount === 1;
            };
            void until(isWaiting).then(async () => {
              running.kill('SIGKILL');
              await running.finished;
              await holder.query("SELECT pg_advisory_unlock(hashtext('golive rotation'))");
            });
          },
        });
      });
    });
    expect(rotated).toMatchObject({ attempts: 2, isReattempt: false });
    expect(rotated.invocations.map(({ error }) => error?.errorMessage)).toEqual([
      undefined,
      'Runtime exited with SIGKILL',
      ...[undefined, undefined, undefined, undefined],
    ]);
    const after = await app();
    expect([before.user, after.user]).toEqual(['golive_app', 'golive_app_clone']);
    // Whoever still has the old one goes on, and each uses what the other made.
    await sql(after, 'CREATE TABLE by_clone (id int); ALTER TABLE orders ADD note text');
    await sql(before, 'INSERT INTO by_clone VALUES (1); DROP TABLE by_clone; DROP TABLE orders');
  });

  test('the second user’s turn gives the first another password', async () => {
    const first = await currentValue<LoginSecret>(platform, 'App');
    const since = new Date();
    await platform.rotate('Rotations/App/');
    const target = platform.rotatedSecret('Rotations/App/');
    expect(await auditOf(platform, since)).toMatchObject([
      { record: { action: 'secret.rotate', outcome: 'succeeded', target } },
    ]);
    const second = await app();
    expect(second.user).toBe('golive_app');
    expect(await sql(second, 'SELECT current_user::text AS acts')).toEqual([{ acts: 'golive_owner' }]);
    expect(
      await sql({ ...second, user: first.username, password: first.password }, 'SELECT 1 AS one'),
    ).toHaveLength(1);
  });

  test('a value that a person puts meanwhile abandons a rotation, and the next one heals it', async () => {
    const SecretId = platform.rotatedSecret('Rotations/Backup/');
    const { secretsManager } = platform.clients;
    const { SecretString } = await secretsManager.send(
      new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
    );
    const onStep = async (step: string) => {
      if (step === 'testSecret')
        await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
    };
    await expect(platform.rotate('Rotations/Backup/', { onStep })).rejects.toMatchObject({
      code: 'RotationAbandonedError',
    });
    const next = await platform.rotate('Rotations/Backup/');
    expect(next.isReattempt).toBe(true);
    expect(await sql(await backup(), 'SELECT current_user::text AS acts')).toEqual([
      { acts: 'golive_backup' },
    ]);
  });

  test('master and key rings rotate, twice in a row too, and the app after the master', async () => {
    const { kid } = currentKey(KeyRing.parse(await currentValue(platform, 'Jwt')));
    const lone = platform.database.master.password;
    for (const schedule of ['Master', 'Jwt', 'Jwt', 'Data']) await platform.rotate(`Rotations/${schedule}/`);
    const ring = KeyRing.parse(await currentValue(platform, 'Jwt'));
    expect(ring.keys.some((key) => key.kid === kid)).toBe(true);
    expect((await currentValue<LoginSecret>(platform, 'Master')).password).not.toBe(lone);
    await platform.rotate('Rotations/App/');
    expect(await sql(await app(), 'SELECT current_user::text AS acts')).toEqual([{ acts: 'golive_owner' }]);
  });

  test('the cache takes the old password and the new one, also after a function was killed before it was through', async () => {
    const login = () => currentValue<LoginSecret>(platform, 'Cache');
    const accepted = (...logins: LoginSecret[]) =>
      Promise.all(logins.map(({ username, password }) => platform.cacheAccepts(username, password)));
    const first = await login();
    expect(await accepted(first, { ...first, password: 'of nobody, and long enough' })).toEqual([
      true,
      false,
    ]);
    const killed = platform.rotate('Rotations/Cache/', {
      attempts: 1,
      onInvocation: (running, step) => {
        if (step === 'testSecret') running.kill('SIGKILL');
      },
    });
    await expect(killed).rejects.toMatchObject({
      code: 'RotationFailedError',
      cause: { message: 'testSecret: Runtime exited with SIGKILL' },
    });
    expect(await login()).toEqual(first);
    expect(await accepted(first)).toEqual([true]);

    expect(await platform.rotate('Rotations/Cache/')).toMatchObject({ isReattempt: true, attempts: 1 });
    const second = await login();
    expect(second).toMatchObject({ username: first.username });
    expect(await accepted(first, second)).toEqual([true, true]);

    expect(await golive(platform, 'secrets', 'rotate', 'cache', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await accepted(first, second, await login())).toEqual([false, true, true]);
  });

  test('RotateSecret from outside has the function rotate, and what else is asked goes to the emulator', async () => {
    const client = new SecretsManagerClient(platform.aws);
    const [SecretId, notRotated] = [platform.rotatedSecret('Rotations/Jwt/'), 'no-such-secret'];
    const { VersionId } = await client.send(new RotateSecretCommand({ SecretId }));
    await until(async () => {
      const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
      return VersionIdsToStages![VersionId!]!.includes('AWSCURRENT');
    });
    KeyRing.parse(await currentValue(platform, 'Jwt'));
    await expect(client.send(new RotateSecretCommand({ SecretId: notRotated }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    client.destroy();
  });

  test('deploying again after all that changes no role and no password', async () => {
    const { invocation, answer } = await askForRoles(platform, {});
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'roles' });
    expect(invocation.logs.join('\n')).toContain('all roles are as they are to be');
    expect(await sql(await app(), 'SELECT 1 AS one')).toHaveLength(1);
  });

  test('deleting takes no data, whatever the property says', async () => {
    await sql(await app(), 'CREATE TABLE kept AS SELECT 1 AS one');
    const deletion = { RequestType: 'Delete', OldResourceProperties: undefined };
    const kept = await askForRoles(platform, {}, deletion);
    expect(kept.answer).toMatchObject({ Status: 'SUCCESS' });
    expect(await sql(await app(), 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    const dropped = await askForRoles(platform, { OnDelete: 'drop' }, deletion);
    expect(dropped.answer).toMatchObject({ Status: 'SUCCESS' });
    await expect(sql(await app(), 'SELECT')).rejects.toThrow(/authentication failed|not permitted/);
    const everywhere = { ...platform.database.superuser, database: platform.database.master.database };
    expect(await sql(everywhere, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });
});
