import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  type DBInstance,
} from '@aws-sdk/client-rds';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { escapeIdentifier, escapeLiteral } from 'pg';
import {
  connectAndAsk,
  discardInstance,
  listInstances,
  restoreInstance,
  swapInstance,
  undoInstance,
  type InstancePlace,
  type LoginCheck,
  type RestoredInstance,
} from '../../../core/backup/restore/instance';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';
import { BUCKET, s3At } from './dump-support';

/**
 * Against an emulated RDS, whose wire is real, and a real PostgreSQL that stands behind every instance. moto has no
 * states, restores with the original's settings, does not look at names that are taken, and gives every instance the
 * same resource id; the unit tests play those.
 */
const REGION = 'eu-west-1';
const LIVE = 'shop';
const SNAPSHOT = 'shop-20261123t020000z';

let supervisor: Supervisor;
let emulator: Emulator;
let server: LocalPostgres;
let s3: S3Client;
let resourceId: string;
/** Of the account that was told to log in. */
let password: string;

beforeAll(async () => {
  supervisor = Supervisor.start();
  [emulator, server] = await Promise.all([
    startEmulator(supervisor, REGION),
    startPostgres({ supervisor, database: 'shop' }),
  ]);
  password = server.master.password;
  s3 = s3At(emulator.aws.endpoint);
  await s3.send(
    new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  const { rds } = emulator.clients;
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: 'tls-only',
      DBParameterGroupFamily: 'postgres17',
      Description: 'TLS only',
    }),
  );
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: LIVE,
      DBInstanceClass: 'db.r8g.large',
      DBName: 'shop',
      Engine: 'postgres',
      EngineVersion: '17',
      MasterUsername: server.master.user,
      MasterUserPassword: 'kept-by-postgresql',
      AllocatedStorage: 20,
      MaxAllocatedStorage: 100,
      StorageType: 'gp3',
      MultiAZ: true,
      DBParameterGroupName: 'tls-only',
      DeletionProtection: true,
      EnableIAMDatabaseAuthentication: true,
      BackupRetentionPeriod: 14,
      PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
      EnableCloudwatchLogsExports: ['postgresql'],
      CopyTagsToSnapshot: true,
      Tags: [{ Key: 'golive:environment', Value: 'prod' }],
    }),
  );
  resourceId = DBInstance?.DbiResourceId ?? '';
  await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: LIVE, DBSnapshotIdentifier: SNAPSHOT }));
}, 300_000);

afterAll(async () => {
  s3?.destroy();
  if (emulator) destroyClients(emulator.clients);
  await supervisor.stop();
});

function place(): InstancePlace {
  return {
    rds: emulator.clients.rds,
    s3,
    bucket: BUCKET,
    database: 'shop',
    instanceIdentifier: LIVE,
    // moto is done at once: a look that waits would wait for nothing.
    clock: { now: () => new Date(), sleep: () => new Promise((resolve) => setImmediate(resolve)) },
  };
}

/** The emulator's addresses lead nowhere, so the real server stands in for them; names and passwords are real. */
function login(smoke: Parameters<typeof connectAndAsk>[0] = []): LoginCheck {
  const connect = connectAndAsk(smoke);
  return {
    administrator: () => Promise.resolve({ ...server.master, password }),
    connect: (endpoint, signal) =>
      connect({ ...endpoint, host: server.master.host, port: server.master.port }, signal),
  };
}

const restore = (more: Partial<Parameters<typeof restoreInstance>[0]> = {}): Promise<RestoredInstance> =>
  restoreInstance({
    ...place(),
    source: { snapshot: SNAPSHOT },
    dbiResourceId: resourceId,
    login: login(),
    ...more,
  });

async function instances(): Promise<DBInstance[]> {
  const { DBInstances } = await emulator.clients.rds.send(new DescribeDBInstancesCommand({}));
  return DBInstances ?? [];
}

const names = async () => (await instances()).map(({ DBInstanceIdentifier }) => DBInstanceIdentifier).sort();

test('a snapshot is restored beside, put in place, taken back and discarded', async () => {
  const restored = await restore();
  expect(restored).toMatchObject({ outcome: 'restored', login: 'accepted' });
  const made = (await instances()).find(({ DBInstanceIdentifier: name }) => name === restored.name);
  expect(made).toMatchObject({
    MultiAZ: true,
    DeletionProtection: true,
    IAMDatabaseAuthenticationEnabled: true,
    BackupRetentionPeriod: 14,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
    DBParameterGroups: [{ DBParameterGroupName: 'tls-only' }],
    EnabledCloudwatchLogsExports: ['postgresql'],
  });
  expect(await restore()).toMatchObject({ outcome: 'resumed', name: restored.name });

  const { restoreId } = restored;
  const swap = await swapInstance({ ...place(), restoreId, login: login() });
  expect(await names()).toEqual([LIVE, `${LIVE}-replaced-${restoreId}`]);
  expect(swap.safetySnapshot).toContain(`${LIVE}-before-${restoreId}-`);
  expect(await listInstances(place())).toMatchObject([{ state: 'in-place' }, { state: 'replaced' }]);

  await undoInstance({ ...place(), login: login() }, restoreId);
  expect(await names()).toEqual([LIVE, restored.name]);
  await discardInstance(place(), restoreId);
  expect(await names()).toEqual([LIVE]);
});

test('the latest moment is restored', async () => {
  const restored = await restore({ source: { pointInTime: 'latest' } });
  expect(restored).toMatchObject({ outcome: 'restored', login: 'accepted' });
  await discardInstance(place(), restored.restoreId);
});

test('an instant that is not over is refused', async () => {
  const pointInTime = new Date(Date.now() + 3_600_000);
  await expect(restore({ source: { pointInTime } })).rejects.toMatchObject({ code: 'RestoreSourceError' });
});

test('a snapshot that is not there is refused, by the code on the wire', async () => {
  await expect(restore({ source: { snapshot: 'none' } })).rejects.toMatchObject({
    code: 'RestoreSourceError',
  });
});

test('what RDS refuses on the wire is named: a parameter group that is gone', async () => {
  await expect(restore({ settings: { parameterGroup: 'gone' } })).rejects.toMatchObject({
    code: 'RdsRefusedError',
    message: expect.stringContaining('deploy the Database stack') as string,
  });
  expect(await names()).toEqual([LIVE]);
});

test('a password that PostgreSQL refuses is set through RDS, and then it lets us in', async () => {
  password = 'rotated-since-the-snapshot';
  const { user } = server.master;
  let tries = 0;
  const check: LoginCheck = {
    ...login(),
    connect: async (endpoint, signal) => {
      // What RDS does behind ModifyDBInstance, which the emulator only notes: after the first refusal.
      if (++tries === 2) {
        await server.query(server.superuser, (client) =>
          client.query(`ALTER ROLE ${escapeIdentifier(user)} PASSWORD ${escapeLiteral(password)}`),
        );
      }
      await login().connect(endpoint, signal);
    },
  };
  const restored = await restore({ login: check });
  expect(restored).toMatchObject({ login: 'accepted-after-reset' });
  expect(tries).toBe(2);
  await discardInstance(place(), restored.restoreId);
});

test('the questions of the team are asked, and a wrong answer is no restore', async () => {
  const yes = { name: 'one', sql: 'SELECT 1 = 1' };
  const no = { name: 'orders', sql: 'SELECT 1 = 2' };
  await expect(restore({ login: login([yes, no]) })).rejects.toMatchObject({
    code: 'InstanceLoginError',
    message: expect.stringContaining('orders: it is false') as string,
  });
  const restored = await restore({ login: login([yes]) });
  expect(restored.outcome).toBe('resumed');
  await discardInstance(place(), restored.restoreId);
});
