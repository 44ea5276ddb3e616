import { randomUUID } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { advance, DEFAULT_KEY_RING_POLICY, newRing } from '../../../core/secrets/key-ring';
import { alternatingUsers, singleUser, type RotationEvent } from '../../../core/secrets/rotation';
import { newPassword, plant, startGoliveWorld, type GoliveWorld } from './golive-world';
import { OWNER, runSteps, stagesOf, worksAt } from './rotation-support';

let world: GoliveWorld;

/** As the functions do, by whichever secret it is. */
async function asFunction(event: RotationEvent): Promise<void> {
  const { secretsManager, postgres } = world;
  const [options, secretArn] = [{ secretsManager, caFile: postgres.caFile }, event.SecretId];
  const strategy =
    secretArn === world.arns.get('app')
      ? alternatingUsers({ ...options, ownerRole: OWNER })
      : singleUser({ ...options, mode: 'by-master', username: 'golive_backup', readOnly: true });
  await runSteps({ secretsManager, secretArn, strategy }, event.ClientRequestToken, [event.Step]);
}

beforeAll(async () => {
  world = await startGoliveWorld();
  const byFunction = { rotationDays: 30 };
  await world.addSecret(
    { name: 'app', kind: 'alternating-user', functionLabel: 'secrets-rotate-app', ...byFunction },
    { arn: await world.createUser('golive_app') },
  );
  await world.addSecret(
    { name: 'backup', kind: 'single-user', functionLabel: 'secrets-rotate-backup', ...byFunction },
    { arn: await world.createUser('golive_backup', { readOnly: true }) },
  );
  await world.addSecret({ name: 'sentry-dsn', kind: 'set-by-people' }, 'unset');
  await plant(world, 'app');
  await plant(world, 'backup');
});

beforeEach(() => {
  world.step = asFunction;
});

afterAll(() => world?.stop());

const current = async (name: string) => {
  const { VersionId } = await world.secretsManager.send(
    new GetSecretValueCommand({ SecretId: world.arns.get(name), VersionStage: 'AWSCURRENT' }),
  );
  return VersionId!;
};

const lastRecord = async () => (await world.auditRecords()).at(-1);

describe('golive secrets rotate', () => {
  test('does nothing before somebody says yes', async () => {
    const before = await current('app');
    const asked = await world.golive(['secrets', 'rotate', 'app']);
    expect(asked).toMatchObject({ exitCode: 3, stdout: '' });
    expect(asked.stderr).toMatch(/the other of its two logins gets a new password.*\n.*add --yes/);
    expect(await current('app')).toBe(before);
    expect(await world.auditRecords()).toEqual([]);
  });

  test.each([
    [['secrets', 'rotate', 'nobody', '--yes'], 2, /no secret of this environment is called "nobody"/],
    [
      ['secrets', 'rotate', 'app\u001b[2J', '--yes'],
      2,
      /called "app\?\[2J"; there are: app, backup, sentry-dsn/,
    ],
    [
      ['secrets', 'rotate', 'sentry-dsn', '--yes'],
      1,
      /only people can renew it.*golive secrets set sentry-dsn/,
    ],
    [['secrets', 'rotate', 'app', '--yes', '--timeout-minutes', '0'], 2, /whole number of minutes/],
    [['secrets', 'rotate', 'app', '--yes', '-e', 'nowhere'], 2, /there is no environment "nowhere"/],
  ])('%j is refused with %i', async (args, exitCode, message) => {
    const refused = await world.golive(args);
    expect(refused).toMatchObject({ exitCode, stdout: '' });
    expect(refused.stderr).toMatch(message);
  });

  test('stays until the new version is current, says what it sees, and leaves a record', async () => {
    const before = await current('app');
    const rotated = await world.golive(['secrets', 'rotate', 'app', '--yes', '--json']);
    const after = await current('app');
    expect(rotated).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(rotated.stdout)).toMatchObject([
      { name: 'app', outcome: 'rotated', from: before, to: after, replaced: false },
    ]);
    expect(rotated.stderr).toMatch(/asking for a rotation[\s\S]*app: version \S+ is current, after/);
    expect(await plant(world, 'app')).toMatchObject({ username: 'golive_app_clone' });
    expect(await worksAt(world, world.arns.get('app')!, 'AWSCURRENT')).toBe(true);
    expect(await lastRecord()).toMatchObject({
      action: 'secret.rotate',
      target: world.arns.get('app'),
      outcome: 'succeeded',
      who: { arn: expect.stringMatching(/^arn:aws:/) as string },
      details: { name: 'app', from: before, to: after, reattempt: false },
    });
  });

  test('tries one again that was not complete, and follows that one', async () => {
    world.step = () => Promise.reject(new Error('killed'));
    const first = world.golive(['secrets', 'rotate', 'app', '--yes']);
    // Once before it asks, and once when the version is pending.
    await world.nextLook();
    await world.nextLook();
    world.step = asFunction;
    const again = await world.golive(['secrets', 'rotate', 'app', '--yes']);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain(
      'a previous rotation of app is not complete; Secrets Manager tries that one again',
    );
    // Whoever followed it from the start sees its end, too.
    expect(await first).toMatchObject({ exitCode: 0 });
    await plant(world, 'app');
  });

  test('names a rotation that somebody’s own value ended', async () => {
    const mine = JSON.stringify({ ...(await plant(world, 'app')), note: 'by hand' });
    world.step = ({ SecretId }) => setByHand(SecretId, mine);
    const failed = await world.golive(['secrets', 'rotate', 'app', '--yes']);
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toMatch(/RotationAbandonedError: .* became current instead/);
    expect(await lastRecord()).toMatchObject({
      action: 'secret.rotate',
      outcome: 'failed',
      error: { code: 'RotationAbandonedError' },
    });
  });

  test('all stops at the first that fails, and names what was not done', async () => {
    world.step = async (event) => {
      if (event.SecretId === world.arns.get('backup')) return await asFunction(event);
      await world.nextLook();
      await takePending(event.SecretId, event.ClientRequestToken);
    };
    await settleApp();
    const failed = await world.golive(['secrets', 'rotate', 'all', '--yes', '--json']);
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stderr).toMatch(
      /SecretsNotRotatedError: app failed: RotationAbandonedError[\s\S]*rotated: backup\. Not rotated: none/,
    );
    expect(JSON.parse(failed.stdout)).toMatchObject([{ name: 'backup', outcome: 'rotated' }]);
    await plant(world, 'backup');
  });
});

describe('golive secrets rollback', () => {
  test('refuses a single login whose previous password the server refuses', async () => {
    const before = await current('backup');
    const refused = await world.golive(['secrets', 'rollback', 'backup', '--yes']);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /RollbackRefusedError: the server refuses role "golive_backup".*a single login has one password/,
    );
    expect(await current('backup')).toBe(before);
  });

  test('brings the login before back when it works, asks first, and leaves a record', async () => {
    await settleApp();
    expect(await world.golive(['secrets', 'rotate', 'app', '--yes'])).toMatchObject({ exitCode: 0 });
    const [arn, from] = [world.arns.get('app')!, await current('app')];
    const { username: was } = await plant(world, 'app');
    const asked = await world.golive(['secrets', 'rollback', 'app']);
    expect(asked).toMatchObject({ exitCode: 3, stdout: '' });
    expect(asked.stderr).toMatch(
      /proven: role "golive_app\w*" logs in over TLS, and may do all that "golive_app\w*" may/,
    );
    expect(await current('app')).toBe(from);

    const back = await world.golive(['secrets', 'rollback', 'app', '--yes', '--json']);
    expect(back).toMatchObject({ exitCode: 0 });
    const to = await current('app');
    expect(JSON.parse(back.stdout)).toMatchObject({ name: 'app', from, to });
    expect((await plant(world, 'app'))['username']).not.toBe(was);
    expect(await worksAt(world, arn, 'AWSCURRENT')).toBe(true);
    expect(await stagesOf(world.secretsManager, arn)).toMatchObject({ [from]: ['AWSPREVIOUS'] });
    expect(await lastRecord()).toMatchObject({
      action: 'secret.rollback',
      outcome: 'succeeded',
      details: { from, to },
    });

    // Nothing is in the way of the next rotation.
    expect(await world.golive(['secrets', 'rotate', 'app', '--yes'])).toMatchObject({ exitCode: 0 });
    await plant(world, 'app');
  });

  test('refuses a login that has lost what the current one has', async () => {
    const { username: now } = await plant(world, 'app');
    const before = now === 'golive_app' ? 'golive_app_clone' : 'golive_app';
    const master = (sql: string) =>
      world.postgres.query(world.postgres.master, (client) => client.query(sql));
    await master(`REVOKE ${OWNER} FROM ${escapeIdentifier(before)}`);
    const refused = await world.golive(['secrets', 'rollback', 'app', '--yes']);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(/RollbackRefusedError: the previous version of "app" .*golive_owner/);
    await master(`GRANT ${OWNER} TO ${escapeIdentifier(before)}`);
    await master(`ALTER ROLE ${escapeIdentifier(before)} PASSWORD ${escapeLiteral(newPassword())}`);
    const changed = await world.golive(['secrets', 'rollback', 'app', '--yes']);
    expect(changed.stderr).toMatch(/its password was changed since/);
    expect((await plant(world, 'app'))['username']).toBe(now);
  });

  test('refuses when nobody can tell from here', async () => {
    const arn = await world.addSecret(
      { name: 'master', kind: 'single-user' },
      JSON.stringify({ host: 'localhost', port: 1, username: 'admin', password: 'planted-far-away' }),
    );
    world.planted.add('planted-far-away').add('planted-farther');
    await setByHand(
      arn,
      JSON.stringify({ host: 'localhost', port: 1, username: 'admin', password: 'planted-farther' }),
    );
    const refused = await world.golive(['secrets', 'rollback', 'master', '--yes']);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(/nobody can tell whether.*--in-task, or through a tunnel/);
  });
});

describe('golive secrets set', () => {
  const DSN = 'https://0123456789abcdef0123456789abcdef@o123.ingest.de.sentry.io/456';

  test('takes what is piped in, checks it, and never says it', async () => {
    world.planted.add(DSN).add('0123456789abcdef0123456789abcdef');
    const wrong = await world.golive(['secrets', 'set', 'sentry-dsn', '--yes'], `${DSN}/nonsense`);
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/SecretValueRefusedError.*copy it again from Sentry/);
    expect(await world.golive(['secrets', 'set', 'sentry-dsn', '--yes'], '')).toMatchObject({ exitCode: 2 });
    expect(await world.golive(['secrets', 'set', 'sentry-dsn'], DSN)).toMatchObject({ exitCode: 3 });
    expect(await world.golive(['secrets', 'set', 'sentry-dsn', DSN, '--yes'], DSN)).toMatchObject({
      exitCode: 2,
    });
    expect(await world.golive(['secrets', 'set', 'app', '--yes'], DSN)).toMatchObject({ exitCode: 1 });

    const set = await world.golive(['secrets', 'set', 'sentry-dsn', '--yes'], `${DSN}\n`);
    expect(set).toMatchObject({ exitCode: 0 });
    expect(set.stdout).toContain(await current('sentry-dsn'));
    expect(await lastRecord()).toMatchObject({
      action: 'secret.set',
      outcome: 'succeeded',
      details: { name: 'sentry-dsn' },
    });
  });

  test('is not rolled back to what it was before anybody set it', async () => {
    const refused = await world.golive(['secrets', 'rollback', 'sentry-dsn', '--yes']);
    expect(refused.stderr).toMatch(/perhaps never set/);
  });
});

describe('golive secrets show and list', () => {
  test('show tells all but the value; --reveal asks, tells it, and leaves a record', async () => {
    const shown = await world.golive(['secrets', 'show', 'app']);
    expect(shown).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toMatch(/name\s+app\n.*alternating-user[\s\S]*current\s+\S+\nprevious\s+\S+/);
    expect(await world.golive(['secrets', 'show', 'app', '--keys'])).toMatchObject({ exitCode: 2 });
    const records = (await world.auditRecords()).length;
    expect(await world.golive(['secrets', 'show', 'app', '--reveal'])).toMatchObject({
      exitCode: 3,
      stdout: '',
    });
    expect(await world.auditRecords()).toHaveLength(records);

    const revealed = await world.golive(['secrets', 'show', 'app', '--reveal', '--yes']);
    expect(JSON.parse(revealed.stdout)).toEqual(await plant(world, 'app'));
    expect(await lastRecord()).toMatchObject({
      action: 'secret.reveal',
      details: { version: await current('app') },
    });
  });

  test('a key ring shows its keys without the keys, and goes back only as long as none is lost', async () => {
    const at = new Date('2026-11-01T00:00:00Z');
    const first = newRing('EdDSA', at, DEFAULT_KEY_RING_POLICY);
    const { ring: second } = advance(first, new Date('2026-11-08T00:00:00Z'), DEFAULT_KEY_RING_POLICY);
    const { ring: third } = advance(second, new Date('2026-11-15T00:00:00Z'), DEFAULT_KEY_RING_POLICY);
    for (const { material } of third.keys) world.planted.add(material.d);
    const jwt = { name: 'jwt', kind: 'key-ring', functionLabel: 'secrets-rotate-jwt' } as const;
    const arn = await world.addSecret(jwt, JSON.stringify(first));
    expect((await world.golive(['secrets', 'rollback', 'jwt', '--yes'])).stderr).toMatch(/never rotated/);
    await setByHand(arn, JSON.stringify(second));
    const shown = await world.golive(['secrets', 'show', 'jwt', '--keys']);
    expect(shown).toMatchObject({ exitCode: 0 });
    for (const { kid, state } of second.keys) expect(shown.stdout).toMatch(new RegExp(`${kid} .*${state}`));
    const back = await world.golive(['secrets', 'rollback', 'jwt', '--yes']);
    expect(back).toMatchObject({ exitCode: 0 });
    expect(back.stderr).toMatch(/every key that was used is in it/);

    // The first ring was given up for the third: a key that signed since is not in it.
    await setByHand(arn, JSON.stringify(third));
    const refused = await world.golive(['secrets', 'rollback', 'jwt', '--yes']);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(/does not hold \w+ key \S+, and what it made would be refused/);
  });

  test('list tells age, stage, what is wrong and where to read on, and ends with 0', async () => {
    await world.addSecret({ name: 'pagerduty', kind: 'set-by-people' }, 'unset');
    const gone = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf';
    await world.addSecret({ name: 'slack', kind: 'set-by-people' }, { arn: gone });
    const listed = await world.golive(['secrets', 'list']);
    expect(listed).toMatchObject({ exitCode: 0 });
    expect(listed.stdout).toMatch(/app\s.*alternating-user\s.*\d min\s.*within 29 d 23 h\s.*current/);
    expect(listed.stdout).toMatch(/pagerduty\s.*never set/);
    expect(listed.stdout).toMatch(/slack\s.*SecretUnreadableError/);
    expect(listed.stdout).toMatch(/warning: .*pagerduty has never been set.*docs\/runbook.md#unset-value/);
    const told = JSON.parse((await world.golive(['secrets', 'list', '--json'])).stdout) as {
      secrets: { name: string }[];
    };
    expect(told).toMatchObject({ environment: 'test', status: 'warning' });
    expect(told.secrets).toContainEqual(
      expect.objectContaining({ name: 'app', stage: 'current', usedBy: [], notPickedUp: [] }),
    );
  });
});

test('no value was said or recorded, but the one that --reveal told', async () => {
  const records = await world.auditRecords();
  expect(records.length).toBeGreaterThan(10);
  expect(world.planted.size).toBeGreaterThan(8);
  const everything = [...world.said, JSON.stringify(records)].join('\n');
  for (const value of world.planted) expect(everything.includes(value)).toBe(false);
});

/** As somebody does who gives up on a rotation. */
async function takePending(arn: string, version: string): Promise<void> {
  await world.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: version,
    }),
  );
}

/** No rotation of app is left half-way. */
async function settleApp(): Promise<void> {
  const arn = world.arns.get('app')!;
  const stages = Object.entries(await stagesOf(world.secretsManager, arn));
  const [version] =
    stages.find(([, labels]) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT')) ?? [];
  if (version !== undefined) await takePending(arn, version);
}

/** As PutSecretValue does; moto's forgets where a rotation has moved AWSCURRENT to. */
async function setByHand(arn: string, value: string): Promise<void> {
  const { secretsManager } = world;
  const { VersionId: to } = await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      SecretString: value,
      ClientRequestToken: randomUUID(),
      VersionStages: ['BY_HAND'],
    }),
  );
  const stages = Object.entries(await stagesOf(secretsManager, arn));
  const [from] = stages.find(([, labels]) => labels.includes('AWSCURRENT'))!;
  await secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    }),
  );
}
