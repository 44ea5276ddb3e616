import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  type DBSnapshot,
} from '@aws-sdk/client-rds';
import { SNAPSHOT_TAG } from '../../../core/backup/snapshot/tags';
import { snapshotIdentifier } from '../../../core/backup/snapshot/identifier';
import { ownerTags } from '../../../core/backup/snapshot/ownership';
import { bundleFunction } from '../../../lib/shared/bundle';
import {
  destroyClients,
  emulatedClients,
  startEmulator,
  type AwsClients,
  type Emulator,
} from '../../../local/emulator';
import { invokeFunction, type LocalFunction } from '../../../local/lambda/local-function';
import { Supervisor } from '../../../local/supervisor';
import { makeInstance } from './emulated-resources';

/**
 * The bundle that would be deployed, in processes of its own, against an emulated RDS in two Regions. The emulator
 * finishes a copy at once, and asks nobody for a right.
 */
const SOURCE_REGION = 'eu-central-1';
const TARGET_REGION = 'eu-west-1';
const INSTANCE = 'golive-local';

let supervisor: Supervisor;
let emulator: Emulator;
let there: AwsClients;
let folder: string;
let keyArn: string;
let resourceId: string;

beforeAll(async () => {
  supervisor = Supervisor.start();
  emulator = await startEmulator(supervisor, SOURCE_REGION);
  there = emulatedClients({ ...emulator.aws, region: TARGET_REGION });
  folder = join(await supervisor.temporaryFolder('golive-copies-'), 'code');
  await mkdir(folder);
  await writeFile(
    join(folder, 'index.js'),
    bundleFunction({ capability: 'recovery', name: 'snapshot-copies' }).code,
  );
  keyArn = (await there.kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
});

afterAll(async () => {
  destroyClients(emulator.clients);
  destroyClients(there);
  await supervisor.stop();
});

beforeEach(async () => {
  const { DbiResourceId } = await makeInstance(emulator.clients.rds, INSTANCE);
  resourceId = DbiResourceId ?? '';
});

afterEach(async () => {
  for (const clients of [emulator.clients, there]) {
    for (const { DBSnapshotIdentifier } of await snapshotsOf(clients)) {
      await clients.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
    }
  }
  await emulator.clients.rds.send(
    new DeleteDBInstanceCommand({ DBInstanceIdentifier: INSTANCE, SkipFinalSnapshot: true }),
  );
});

async function snapshotsOf({ rds }: AwsClients): Promise<DBSnapshot[]> {
  const { DBSnapshots } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
  return DBSnapshots ?? [];
}

const namesOf = async (clients: AwsClients) =>
  (await snapshotsOf(clients)).map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier ?? '').sort();

/** As our snapshot function makes one. @returns its identifier */
async function takeSnapshot(at: string): Promise<string> {
  const scheduledFor = new Date(at);
  const identifier = snapshotIdentifier(INSTANCE, scheduledFor);
  await emulator.clients.rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: INSTANCE,
      DBSnapshotIdentifier: identifier,
      Tags: ownerTags({ environment: 'local', instanceResourceId: resourceId }, scheduledFor),
    }),
  );
  return identifier;
}

/** Invokes the function as its schedule would. */
function invoke(environment: Record<string, string> = {}) {
  const copies: LocalFunction = {
    arn: `arn:aws:lambda:${TARGET_REGION}:123456789012:function:copies`,
    name: 'copies',
    path: 'test/SnapshotCopies',
    codeFolder: folder,
    handler: 'index.handler',
    timeoutSeconds: 110,
    memoryMiB: 256,
    environment: {
      GOLIVE_ENVIRONMENT: 'local',
      POWERTOOLS_SERVICE_NAME: 'recovery-snapshot-copies',
      POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
      POWERTOOLS_LOG_LEVEL: 'INFO',
      SOURCE_REGION,
      REPLICA_KEY_ARN: keyArn,
      COPY_RETENTION_DAYS: '30',
      COPY_KEEP_NEWEST: '3',
      ...environment,
    },
  };
  const event = {
    id: 'e1',
    time: '2026-05-01T03:30:00Z',
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    resources: [],
  };
  return invokeFunction(copies, event, {
    region: TARGET_REGION,
    credentials: emulator.aws.credentials,
    awsEndpoint: emulator.aws.endpoint,
    programFolders: [],
    databaseCaFile: undefined,
    temporaryFolder: folder,
  }).finished;
}

test('a key that cannot be used there fails the run, and nothing is copied', async () => {
  await takeSnapshot('2026-05-01T01:30:00Z');
  const { error } = await invoke({
    REPLICA_KEY_ARN: `arn:aws:kms:${SOURCE_REGION}:123456789012:key/00000000-0000-0000-0000-000000000000`,
  });
  expect(error).toMatchObject({ code: 'SnapshotCopyError' });
  expect(error?.errorMessage ?? JSON.stringify(error)).toContain("KMS key can't be used");
  expect(await namesOf(there)).toEqual([]);
});

test("a stranger's snapshot of the copy's name is refused and left as it is", async () => {
  const identifier = await takeSnapshot('2026-05-01T01:30:00Z');
  await makeInstance(there.rds, 'somebody-elses');
  await there.rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: 'somebody-elses',
      DBSnapshotIdentifier: `${identifier}-copy`,
    }),
  );
  const { error } = await invoke();
  expect(error).toMatchObject({ code: 'SnapshotCopyError' });
  expect(await snapshotsOf(there)).toMatchObject([{ DBInstanceIdentifier: 'somebody-elses', TagList: [] }]);
  await there.rds.send(
    new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'somebody-elses', SkipFinalSnapshot: true }),
  );
});

test("copies are there with the original's tags and time, under the key there, and a person's snapshot is not", async () => {
  const identifier = await takeSnapshot('2026-05-01T01:30:00Z');
  await emulator.clients.rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: INSTANCE,
      DBSnapshotIdentifier: 'before-the-migration',
    }),
  );
  const { error, result, logs } = await invoke();
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ started: [`${identifier}-copy`], waiting: [], pruned: [] });
  const [original] = (await snapshotsOf(emulator.clients)).filter(
    ({ DBSnapshotIdentifier }) => DBSnapshotIdentifier === identifier,
  );
  const copies = await snapshotsOf(there);
  expect(copies).toMatchObject([
    {
      DBSnapshotIdentifier: `${identifier}-copy`,
      Encrypted: true,
      OriginalSnapshotCreateTime: original?.OriginalSnapshotCreateTime,
    },
  ]);
  expect(keyArn).toContain(copies[0]?.KmsKeyId);
  expect(copies[0]?.TagList).toEqual([
    ...(original?.TagList ?? []),
    { Key: SNAPSHOT_TAG.copyOf, Value: original?.DBSnapshotArn },
  ]);
  expect(logs.some((line) => line.includes('SnapshotCopiesStarted'))).toBe(true);
});

test('two invocations at once, and one after them, make each copy once', async () => {
  for (const day of ['01', '02', '03']) await takeSnapshot(`2026-05-${day}T01:30:00Z`);
  const both = await Promise.all([invoke(), invoke()]);
  expect(both.map(({ error }) => error)).toEqual([undefined, undefined]);
  const { result } = await invoke();
  expect(result).toMatchObject({ started: [], waiting: [] });
  expect(await namesOf(there)).toEqual((await namesOf(emulator.clients)).map((name) => `${name}-copy`));
});

test('a backlog is taken five at a time, the newest first, and what is young stays', async () => {
  const made: string[] = [];
  for (let day = 1; day <= 7; day++) made.push(await takeSnapshot(`2026-05-0${day}T01:30:00Z`));
  const first = await invoke();
  expect(first.result).toMatchObject({
    started: made
      .slice(-5)
      .reverse()
      .map((name) => `${name}-copy`),
    waiting: made.slice(0, 2).reverse(),
  });
  await invoke();
  expect(await namesOf(there)).toHaveLength(7);
  // Nothing is old here, so nothing goes, however few are to be kept; the unit tests let time pass.
  const last = await invoke({ COPY_KEEP_NEWEST: '1' });
  expect(last.result).toMatchObject({ pruned: [] });
  expect(await namesOf(there)).toEqual(made.map((name) => `${name}-copy`));
});
