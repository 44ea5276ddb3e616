import type { RestoreDBInstanceFromDBSnapshotCommandInput } from '@aws-sdk/client-rds';
import { inspect } from 'node:util';
import { takeLease } from '../../../../../core/backup/lease';
import { differences, settingsOf } from '../../../../../core/backup/restore/instance/configuration';
import { listInstances } from '../../../../../core/backup/restore/instance';
import { rdsFault } from './fake-rds';
import { LIVE, liveInstance, RESOURCE_ID, SNAPSHOT } from './live-instance';
import { Account, PASSWORD } from './setting';

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let account: Account;
beforeEach(() => (account = new Account()));

const restoreCalls = () =>
  account.rds.mutations.filter((call) => call.startsWith('RestoreDBInstance')).length;

describe('a snapshot into a new instance', () => {
  test('becomes an instance that is in every setting as the live one, which is not touched', async () => {
    const restored = await account.restore();
    const { instance, data } = account.rds.machine(restored.name);
    expect(restored).toMatchObject({ outcome: 'restored', dbiResourceId: 'db-NEW1', swept: [] });
    expect(restored.name).toMatch(/^golive-prod-restore-[0-9a-f]{8}$/);
    expect(data).toBe('of-the-night');
    expect(differences(settingsOf(liveInstance()), instance)).toEqual([]);
    expect(instance).toMatchObject({ MultiAZ: true, DeletionProtection: true, MonitoringInterval: 60 });
    expect(account.rds.calls.filter((call) => call === `ModifyDBInstance ${LIVE}`)).toEqual([]);
    expect(account.rds.machine(LIVE).data).toBe('present');
  });

  test('is given everything that a restore takes in the very call, and nothing that gp3 refuses below 400 GiB', async () => {
    let given: Partial<RestoreDBInstanceFromDBSnapshotCommandInput> = {};
    account.rds.refuse = (action, input) => {
      if (action === 'RestoreDBInstanceFromDBSnapshot') given = input;
      return undefined;
    };
    await account.restore();
    expect(given).toMatchObject({
      DBSubnetGroupName: 'isolated',
      VpcSecurityGroupIds: ['sg-database'],
      DBParameterGroupName: 'tls-only',
      MultiAZ: true,
      EnableIAMDatabaseAuthentication: true,
      BackupRetentionPeriod: 35,
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      Port: 5432,
    });
    expect(given).not.toHaveProperty('Iops');
    expect(given).not.toHaveProperty('OptionGroupName');
    expect(given.Tags).toContainEqual({ Key: 'golive:environment', Value: 'prod' });
    expect(given.Tags!.filter(({ Key }) => Key!.startsWith('aws:'))).toEqual([]);
  });

  test('says what RDS does meanwhile, with the time that has passed', async () => {
    const times: number[] = [];
    await account.restore({
      ...account.place(),
      onProgress: ({ stage, status, elapsedMilliseconds }) => {
        account.progress.push(status === undefined ? stage : `${stage}: ${status}`);
        times.push(elapsedMilliseconds);
      },
    });
    expect([...new Set(account.progress)]).toEqual([
      'restore',
      'wait: creating',
      'wait: backing-up',
      'modify',
      'wait: modifying',
      'login',
      'reset-password',
      'wait: resetting-master-credentials',
    ]);
    expect(times.at(-1)).toBeGreaterThan(2 * 60_000);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  test('is not called restored while a setting differs, and each one is named', async () => {
    account.rds.ignored.add('DeletionProtection').add('MultiAZ');
    await expect(account.restore()).rejects.toMatchObject({
      code: 'InstanceDiffersError',
      message: matching(/multiAz is false, not true; deletionProtection is false, not true.*kept/),
      differences: [
        { setting: 'multiAz', wanted: true, actual: false },
        { setting: 'deletionProtection', wanted: true, actual: false },
      ],
    });
    expect(await listInstances(account.place())).toMatchObject([{ state: 'restoring' }]);

    account.rds.ignored.clear();
    expect(await account.restore()).toMatchObject({ outcome: 'resumed' });
    expect(restoreCalls()).toBe(1);
  });

  test('may differ in what a person accepts by name', async () => {
    account.rds.ignored.add('MultiAZ');
    await expect(account.restore({ acceptDifferences: ['multiAz'] })).resolves.toMatchObject({
      outcome: 'restored',
    });
  });

  test('is what somebody says instead, such as of another class', async () => {
    const restored = await account.restore({
      settings: { instanceClass: 'db.r8g.xlarge', allocatedStorageGiB: 500 },
    });
    expect(account.rds.machine(restored.name).instance).toMatchObject({
      DBInstanceClass: 'db.r8g.xlarge',
      AllocatedStorage: 500,
    });
  });

  test('is rebooted when its parameters wait for that', async () => {
    account.rds.ignored.add('DBParameterGroupName');
    const failing = account.restore();
    await expect(failing).rejects.toMatchObject({ code: 'InstanceDiffersError' });
    account.rds.ignored.clear();
    await account.restore();
    expect(account.rds.mutations.filter((call) => call.startsWith('Reboot'))).toHaveLength(1);
  });

  test('is not restored again when it is proven already', async () => {
    const first = await account.restore();
    const second = await account.restore();
    expect(second).toMatchObject({ outcome: 'resumed', name: first.name });
    expect(restoreCalls()).toBe(1);
  });

  test('is found among more instances than RDS gives to a page', async () => {
    account.rds.pageSize = 2;
    for (const name of ['a', 'b', 'c']) account.rds.add(name, { Engine: 'mysql' }, 'foreign', '');
    await expect(account.restore()).resolves.toMatchObject({ outcome: 'restored' });
  });
});

describe('the password', () => {
  test('is set to that of the secret when the snapshot knows an older one, and a person is told of the other roles', async () => {
    const restored = await account.restore();
    expect(restored.login).toBe('accepted-after-reset');
    expect(restored.remarks.join()).toContain('every other role still has its old one');
    expect(account.seen).toEqual(['of-the-night']);
  });

  test('is left alone when it is the same', async () => {
    account.rds.snapshots.get(SNAPSHOT)!.password = PASSWORD;
    expect(await account.restore()).toMatchObject({ login: 'accepted', remarks: [] });
  });

  test('that RDS does not set ends it, and stands in no message', async () => {
    account.rds.ignored.add('MasterUserPassword');
    const error: unknown = await account.restore().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'InstanceLoginError' });
    expect(inspect(error, { depth: 10 }) + account.progress.join()).not.toContain(PASSWORD);
  });

  test('of another administrator is not set', async () => {
    account.rds.snapshots.get(SNAPSHOT)!.MasterUsername = 'postgres';
    await expect(account.restore()).rejects.toMatchObject({
      code: 'InstanceLoginError',
      message: containing('administrator "postgres"'),
    });
  });

  test('is not asked for where nobody can reach it, and that is no pass', async () => {
    const restored = await account.restore({ login: undefined });
    expect(restored.login).toBe('not-run');
    expect(restored.remarks.join()).toContain('not proven');
  });
});

describe('before anything is made', () => {
  afterEach(() => {
    if (restoreCalls() > 0) throw new Error(`something was made: ${account.rds.mutations.join()}`);
  });

  test('a snapshot that is not there is refused', async () => {
    await expect(account.restore({ source: { snapshot: 'none' } })).rejects.toMatchObject({
      code: 'RestoreSourceError',
      message: containing('golive backup list'),
    });
  });

  test.each([
    ['creating', true],
    ['copying', true],
    ['failed', false],
    ['deleting', false],
  ])('a snapshot that is %s is refused, and retrying helps: %s', async (status, retryable) => {
    account.rds.snapshots.get(SNAPSHOT)!.Status = status;
    await expect(account.restore()).rejects.toMatchObject({ code: 'RestoreSourceError', retryable });
  });

  test("another instance's snapshot is refused, though it has the live one's name", async () => {
    account.rds.snapshots.get(SNAPSHOT)!.DbiResourceId = 'db-FOREIGN';
    await expect(account.restore()).rejects.toMatchObject({ code: 'WrongInstanceError' });
  });

  test('a snapshot of another major version is refused', async () => {
    account.rds.snapshots.get(SNAPSHOT)!.EngineVersion = '16.9';
    await expect(account.restore()).rejects.toMatchObject({
      code: 'EngineVersionError',
      message: containing('postgres 16'),
    });
  });

  test('a snapshot with another key is refused, unless a person accepts that', async () => {
    account.rds.snapshots.get(SNAPSHOT)!.KmsKeyId = 'key-of-a-copy';
    await expect(account.restore()).rejects.toMatchObject({
      code: 'InstanceDiffersError',
      differences: [{ setting: 'kmsKeyId', wanted: 'key-storage', actual: 'key-of-a-copy' }],
    });
  });

  test.each([
    ['before the window', new Date('2026-10-19T00:00:00Z')],
    ['after the window', new Date('2026-11-23T02:55:01Z')],
  ])('an instant %s is refused with the window', async (_where, pointInTime) => {
    await expect(account.restore({ source: { pointInTime } })).rejects.toMatchObject({
      code: 'RestoreSourceError',
      message: containing('2026-10-20T00:00:00.000Z to 2026-11-23T02:55:00.000Z'),
    });
  });

  test('an instance without automated backups is refused', async () => {
    account.rds.windows.clear();
    account.rds.machine(LIVE).instance.LatestRestorableTime = undefined;
    await expect(account.restore({ source: { pointInTime: 'latest' } })).rejects.toMatchObject({
      code: 'RestoreSourceError',
    });
  });

  test('when the live instance is gone, what nobody knows must be said', async () => {
    account.rds.machines.delete(LIVE);
    await expect(account.restore()).rejects.toMatchObject({
      code: 'SettingsMissingError',
      message: matching(/instanceClass, multiAz, subnetGroup, securityGroups, parameterGroup/),
    });
  });

  test('another restore of the same database keeps it out, into a database as well', async () => {
    const { s3, bucket } = account.place();
    const lease = await takeLease({ s3, bucket, name: 'restore/golive', holder: 'a restore of a dump' });
    await expect(account.restore()).rejects.toMatchObject({ code: 'LeaseHeldError' });
    await lease.release();
  });
});

test("another instance's snapshot is restored when that is allowed", async () => {
  account.rds.snapshots.get(SNAPSHOT)!.DbiResourceId = 'db-FOREIGN';
  await expect(account.restore({ allowOtherInstance: true })).resolves.toMatchObject({ outcome: 'restored' });
});

test('a lost instance is made anew by what the snapshot knows and somebody says', async () => {
  account.rds.machines.delete(LIVE);
  const restored = await account.restore({
    settings: {
      instanceClass: 'db.r8g.large',
      multiAz: false,
      subnetGroup: 'isolated',
      securityGroups: ['sg-database'],
      parameterGroup: 'tls-only',
      publiclyAccessible: false,
      deletionProtection: true,
      iamAuthentication: true,
      backupRetentionDays: 7,
      copyTagsToSnapshot: true,
    },
  });
  expect(account.rds.machine(restored.name).instance).toMatchObject({
    AllocatedStorage: 100,
    KmsKeyId: 'key-storage',
    DeletionProtection: true,
  });
});

describe('a point in time', () => {
  test('is restored from the live instance, to the instant', async () => {
    const restored = await account.restore({ source: { pointInTime: new Date('2026-11-23T01:55:00Z') } });
    expect(account.rds.machine(restored.name).data).toBe('at 2026-11-23T01:55:00.000Z');
    expect(restored.dataOf).toEqual(new Date('2026-11-23T01:55:00Z'));
  });

  test("may be the latest, by RDS's own word, and so may the very end of the window", async () => {
    const latest = await account.restore({ source: { pointInTime: 'latest' } });
    expect(account.rds.machine(latest.name).data).toBe('at 2026-11-23T02:55:00.000Z');
    await expect(
      account.restore({ source: { pointInTime: new Date('2026-11-23T02:55:00Z') } }),
    ).resolves.toMatchObject({
      outcome: 'restored',
    });
  });

  test('"latest" asked for again is a new one, however well the last one was proven', async () => {
    const first = await account.restore({ source: { pointInTime: 'latest' } });
    const second = await account.restore({ source: { pointInTime: 'latest' } });
    expect(second.name).not.toBe(first.name);
  });

  test('of an instance that is gone is restored by its resource id', async () => {
    account.rds.windows.set('db-GONE', { ...account.rds.windows.get(RESOURCE_ID)!, name: 'golive-prod' });
    const restored = await account.restore({
      source: { pointInTime: 'latest', dbiResourceId: 'db-GONE' },
      allowOtherInstance: true,
    });
    expect(restored.outcome).toBe('restored');
  });
});

describe('what RDS refuses is named, with what to do', () => {
  test.each([
    ['InstanceQuotaExceeded', 'RdsQuotaError', '"DB instances"'],
    ['InstanceQuotaExceededFault', 'RdsQuotaError', '"DB instances"'],
    ['StorageQuotaExceeded', 'RdsQuotaError', 'Total storage'],
    ['InsufficientDBInstanceCapacity', 'RdsCapacityError', 'instanceClass'],
    ['InvalidDBSnapshotState', 'RestoreSourceError', 'wait until'],
    ['KMSKeyNotAccessible', 'RdsRefusedError', 'kms:CreateGrant'],
    ['DBParameterGroupNotFound', 'RdsRefusedError', 'parameterGroup'],
    ['AccessDenied', 'RdsRefusedError', "operator's policy"],
    ['SomethingNew', 'RdsRefusedError', 'put right'],
  ])('%s is %s', async (fault, code, advice) => {
    account.rds.refuse = (action) => (action.startsWith('Restore') ? rdsFault(fault) : undefined);
    await expect(account.restore()).rejects.toMatchObject({
      code,
      message: containing(advice),
    });
    expect(Object.keys(account.rds.arrangement())).toEqual([LIVE]);
  });

  test('a version that is not offered any more', async () => {
    account.rds.refuse = (action) =>
      action.startsWith('Restore')
        ? rdsFault('InvalidParameterCombination', 'Cannot find version 17.1 for postgres')
        : undefined;
    await expect(account.restore()).rejects.toMatchObject({
      code: 'EngineVersionError',
      message: containing('a dump'),
    });
  });

  test('throttling is waited out', async () => {
    let left = 6;
    account.rds.refuse = () => (left-- > 0 ? rdsFault('ThrottlingException') : undefined);
    await expect(account.restore()).resolves.toMatchObject({ outcome: 'restored' });
  });

  test('throttling without end is given up', async () => {
    account.rds.refuse = () => rdsFault('Throttling');
    await expect(account.restore()).rejects.toMatchObject({ code: 'RdsThrottledError', retryable: true });
  });

  test("an error that is none of RDS's stays what it is", async () => {
    account.rds.refuse = () => new TypeError('a bug');
    await expect(account.restore()).rejects.toThrow(TypeError);
  });
});

describe('an instance that RDS gives up', () => {
  test.each(['incompatible-restore', 'restore-error', 'failed'])(
    'as %s ends the run, and the next one deletes it and makes another',
    async (state) => {
      account.rds.restoredEndsAs = state;
      await expect(account.restore()).rejects.toMatchObject({
        code: 'InstanceRestoreFailedError',
        message: containing(state),
      });
      account.rds.restoredEndsAs = 'available';
      expect(await account.restore()).toMatchObject({ outcome: 'restored', swept: [expect.any(String)] });
    },
  );

  test('as storage-full ends the run, and is kept: more storage mends it', async () => {
    account.rds.restoredEndsAs = 'storage-full';
    await expect(account.restore()).rejects.toMatchObject({
      code: 'InstanceRestoreFailedError',
      message: containing('allocated storage'),
    });
    expect(await listInstances(account.place())).toHaveLength(1);
  });

  test('RDS that never comes to an end is not waited for for ever', async () => {
    account.rds.restoredEndsAs = 'modifying';
    await expect(account.restore({ limitHours: 1 })).rejects.toMatchObject({
      code: 'InstanceTimeLimitError',
      retryable: true,
    });
  });
});
