import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { RDSClient } from '@aws-sdk/client-rds';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Console } from '../../cli/console';
import type { Environment } from '../../cli/environment';
import {
  isAboutInstances,
  restoreInstanceCommand,
  type RestoreInstanceOptions,
} from '../../cli/restore-instance';
import type { RestoreOptions } from '../../cli/restore';
import type { AuditRecord } from '../../core/audit';
import { LIVE, RESOURCE_ID, SNAPSHOT } from '../core/backup/restore/instance/live-instance';
import { Account } from '../core/backup/restore/instance/setting';
import { operationsOf } from './operations';

type Options = Partial<RestoreInstanceOptions & RestoreOptions>;

let account: Account;
let folder: string;
beforeEach(async () => {
  account = new Account();
  folder = await mkdtemp(join(tmpdir(), 'golive-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The command as `main` calls it, with what it wrote; nobody is at the terminal. */
async function golive(id: string | undefined, options: Options, signal = new AbortController().signal) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return sink as unknown as NodeJS.WriteStream;
  };
  const output = new Console(
    {
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      stdin: new PassThrough() as unknown as NodeJS.ReadStream,
      env: {},
    },
    options.toNewInstance === true,
  );
  const environment: Environment = {
    operations: operationsOf({
      environment: 'prod',
      instanceIdentifier: LIVE,
      dbiResourceId: RESOURCE_ID,
      databaseName: 'golive',
    }),
    s3: account.s3.client(),
    rds: new RDSClient({ region: 'eu-central-1' }),
    clientsIn: () => {
      throw new Error('no other region is asked');
    },
    caller: () =>
      Promise.resolve({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/op', userId: 'op' }),
    database: account.login.administrator,
    databaseToDump: () => Promise.reject(new Error('nothing is dumped')),
    secretsManager: new SecretsManagerClient({ region: 'eu-central-1' }),
    ecs: new ECSClient({ region: 'eu-central-1' }),
    sfn: new SFNClient({ region: 'eu-central-1' }),
    secrets: () => Promise.reject(new Error('no secret is asked for')),
    services: () => Promise.reject(new Error('no service is asked for')),
    alerting: () => Promise.reject(new Error('no route is asked for')),
    sentry: () => Promise.reject(new Error('no rule is asked for')),
    region: () => Promise.resolve('eu-central-1'),
    alarmsIn: () => Promise.resolve([]),
    caFile: () => Promise.reject(new Error('no authority is asked for')),
  };
  const error = await restoreInstanceCommand(
    environment,
    output,
    id,
    { safetyBackup: true, login: false, yes: true, ...options },
    { signal, now: () => account.rds.clock.now(), clock: account.rds.clock },
  ).then(
    () => undefined,
    (thrown: unknown) => thrown as Error & { code: string },
  );
  return { ...written, error };
}

const audits = () =>
  [...account.s3.objects]
    .filter(([path]) => path.startsWith('/vault/audit/'))
    .map(([, { body }]) => JSON.parse(body) as AuditRecord);
const restoreIdOf = ({ stdout }: { stdout: string }) =>
  (JSON.parse(stdout) as { restoreId: string }).restoreId;

describe('golive restore of an instance', () => {
  test('beside, in place and back: what it says, and a record of each', async () => {
    const beside = await golive(SNAPSHOT, { toNewInstance: true });
    expect(JSON.parse(beside.stdout)).toMatchObject({
      instance: `${LIVE}-restore-${restoreIdOf(beside)}`,
      dbiResourceId: 'db-NEW1',
      outcome: 'restored',
      login: 'not-run',
    });
    expect(beside.stderr).toContain(`beside "${LIVE}", which is not touched`);
    expect(beside.stderr).toMatch(/waiting for golive-prod-restore-\w{8}, which is creating …/);

    const swapped = await golive(restoreIdOf(beside), { swapInstance: true });
    expect(swapped.stderr).toContain('clients have no database for up to ten minutes');
    expect(swapped.stdout).toContain('its resource id is db-NEW1, and db-LIVE is deployed');
    expect(swapped.stdout).toContain(`golive restore --undo-instance ${restoreIdOf(beside)} -e prod`);

    const listed = await golive(undefined, { listInstances: true });
    expect(listed.stdout).toMatch(/in place .*golive-prod \(available\)[^]*replaced .*golive-prod-replaced/);

    const back = await golive(undefined, { undoInstance: true });
    expect(back.stdout).toContain('is what it was before');
    expect(back.stdout).not.toContain('resource id');
    expect(audits()).toMatchObject([
      {
        action: 'backup.restore',
        target: `instance ${LIVE}`,
        outcome: 'succeeded',
        details: { source: SNAPSHOT, to: 'new instance', instance: `${LIVE}-restore-${restoreIdOf(beside)}` },
      },
      { details: { to: 'in place', dbiResourceId: 'db-NEW1' } },
      { details: { to: 'undo' } },
    ]);
  });

  test('newest and the beginning of an id mean a snapshot', async () => {
    const newest = await golive('newest', { toNewInstance: true });
    const beginning = await golive(SNAPSHOT.slice(0, 20), { toNewInstance: true });
    expect(restoreIdOf(beginning)).toBe(restoreIdOf(newest));
  });

  test('an instant is taken to the second', async () => {
    const { stdout } = await golive(undefined, {
      pointInTime: '2026-11-23T01:55:00.900Z',
      toNewInstance: true,
    });
    expect(JSON.parse(stdout)).toMatchObject({ dataOf: '2026-11-23T01:55:00.000Z' });
  });

  test('a failure leaves a record, too', async () => {
    const { error } = await golive(undefined, { pointInTime: '2027-01-01T00:00:00Z', toNewInstance: true });
    expect(error).toMatchObject({ code: 'RestoreSourceError' });
    expect(audits()).toMatchObject([{ outcome: 'failed', error: { code: 'RestoreSourceError' } }]);
  });

  test('with a file of settings', async () => {
    const settings = join(folder, 'settings.json');
    await writeFile(settings, JSON.stringify({ instanceClass: 'db.r8g.4xlarge' }));
    const restored = await golive(SNAPSHOT, { toNewInstance: true, settings });
    const { instance } = JSON.parse(restored.stdout) as { instance: string };
    expect(account.rds.machine(instance).instance.DBInstanceClass).toBe('db.r8g.4xlarge');
    expect(audits()).toMatchObject([{ details: { settings: ['instanceClass'] } }]);
  });

  test('deletes what it left, and says what is kept', async () => {
    const id = restoreIdOf(await golive(SNAPSHOT, { toNewInstance: true }));
    await golive(id, { swapInstance: true });
    const discarded = await golive(undefined, { discardInstance: id });
    expect(discarded.stderr).toContain('a last snapshot of it is kept');
    expect(discarded.stdout).toContain(`into the snapshot ${LIVE}-final-${id}`);
    expect(account.rds.arrangement()).toEqual({ [LIVE]: 'of-the-night' });
  });

  test('stopped by Ctrl-C says that RDS goes on, and the same command goes on with it', async () => {
    const stop = new AbortController();
    account.rds.refuse = (action) => {
      if (action === 'RestoreDBInstanceFromDBSnapshot') stop.abort(new Error('Ctrl-C'));
      return undefined;
    };
    const { error } = await golive(SNAPSHOT, { toNewInstance: true }, stop.signal);
    expect(error).toMatchObject({ code: 'StoppedError' });
    expect(restoreIdOf(await golive(SNAPSHOT, { toNewInstance: true }))).toMatch(/^[0-9a-f]{8}$/);
    expect(account.rds.mutations.filter((call) => call.startsWith('RestoreDB'))).toHaveLength(1);
  });
});

describe('nothing is done', () => {
  afterEach(() => {
    if (account.rds.mutations.length > 0) throw new Error(`done: ${account.rds.mutations.join()}`);
  });

  test.each<[string, string | undefined, Options]>([
    ['before somebody says yes', SNAPSHOT, { swapInstance: true }],
    ['before somebody says yes to the latest', undefined, { pointInTime: 'latest', toNewInstance: true }],
  ])('%s', async (_when, id, options) => {
    const { error, stderr } = await golive(id, { ...options, yes: false });
    expect(error).toMatchObject({ code: 'NotConfirmedError' });
    expect(stderr).toContain(LIVE);
    expect(audits()).toEqual([]);
  });

  test.each<[string, string | undefined, Options, RegExp]>([
    ['two ways', SNAPSHOT, { toNewInstance: true, swapInstance: true }, /say one of/],
    ['a database and an instance', SNAPSHOT, { swap: true, swapInstance: true }, /do not go together/],
    ['neither way', SNAPSHOT, {}, /--to-new-instance, or --swap-instance/],
    ['no backup', undefined, { toNewInstance: true }, /say what to restore/],
    [
      'a backup and a moment',
      SNAPSHOT,
      { pointInTime: 'latest', toNewInstance: true },
      /leave one of them out/,
    ],
    ['a day', undefined, { pointInTime: '2026-11-23', toNewInstance: true }, /UTC instant/],
    ['no zone', undefined, { pointInTime: '2026-11-23T01:00:00', toNewInstance: true }, /UTC instant/],
    ['no such day', undefined, { pointInTime: '2026-13-23T01:00:00Z', toNewInstance: true }, /UTC instant/],
    ['no moment', `point-in-time:${RESOURCE_ID}`, { toNewInstance: true }, /needs a moment|no backup/],
    [
      'no setting',
      SNAPSHOT,
      { toNewInstance: true, acceptDifference: ['multiAZ'] },
      /multiAZ, which is no setting/,
    ],
    ['nothing to take back', undefined, { undoInstance: true }, /nothing to take back/],
    [
      'a file that is not there',
      SNAPSHOT,
      { toNewInstance: true, settings: 'none.json' },
      /could not be read/,
    ],
  ])('for %s', async (_what, id, options, message) => {
    const { error } = await golive(id, options);
    expect(error).toMatchObject({ code: 'UsageError' });
    expect(error!.message).toMatch(message);
  });

  test('for settings that are none', async () => {
    const settings = join(folder, 'settings.json');
    await writeFile(settings, JSON.stringify({ instanceClas: 'db.t4g.micro', backupRetentionDays: 40 }));
    const { error } = await golive(SNAPSHOT, { toNewInstance: true, settings });
    expect(error).toMatchObject({ code: 'UsageError' });
    expect(error!.message).toMatch(/backupRetentionDays.*instanceClas.*give some of instanceClass, multiAz/);
  });

  test('when the secret cannot be read', async () => {
    account.login.administrator = () => Promise.reject(new Error('no secret'));
    const { error } = await golive(SNAPSHOT, { toNewInstance: true, login: true });
    expect(error?.message).toBe('no secret');
  });

  test('for a restore that left nothing', async () => {
    const { error } = await golive(undefined, { discardInstance: 'deadbeef' });
    expect(error).toMatchObject({ code: 'InstanceStateError' });
  });
});

test.each<[boolean, Options]>([
  [true, { toNewInstance: true }],
  [true, { pointInTime: 'latest' }],
  [true, { undoInstance: true }],
  [true, { listInstances: true }],
  [true, { discardInstance: 'deadbeef' }],
  [false, { swap: true }],
  [false, {}],
])('it is about instances: %s, with %j', (isIt, options) => {
  expect(isAboutInstances({ safetyBackup: true, login: true, ...options })).toBe(isIt);
});
