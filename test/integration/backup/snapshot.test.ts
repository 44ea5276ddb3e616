import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  type DBSnapshot,
} from '@aws-sdk/client-rds';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { isOurs } from '../../../core/backup/snapshot/ownership';
import { bundleFunction } from '../../../lib/shared/bundle';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { invokeFunction, type LocalFunction } from '../../../local/lambda/local-function';
import { Supervisor } from '../../../local/supervisor';
import { eventOf, startSentryStub } from '../../lambdas/shared/sentry-stub';
import { makeInstance } from './emulated-resources';

/**
 * The bundle that would be deployed, in processes of its own, against an emulated RDS.
 */
const REGION = 'eu-west-1';
const INSTANCE = 'shop-db';

let supervisor: Supervisor;
let emulator: Emulator;
let folder: string;
let resourceId: string;

beforeAll(async () => {
  supervisor = Supervisor.start();
  emulator = await startEmulator(supervisor, REGION);
  folder = join(await supervisor.temporaryFolder('golive-snapshot-'), 'code');
  await mkdir(folder);
  await writeFile(join(folder, 'index.js'), bundleFunction({ capability: 'backup', name: 'snapshot' }).code);
});

afterAll(async () => {
  destroyClients(emulator.clients);
  await supervisor.stop();
});

beforeEach(async () => {
  const { DbiResourceId } = await makeInstance(emulator.clients.rds, INSTANCE);
  resourceId = DbiResourceId ?? '';
});

afterEach(async () => {
  for (const { DBSnapshotIdentifier } of await snapshots()) {
    await emulator.clients.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
  }
  await emulator.clients.rds.send(
    new DeleteDBInstanceCommand({ DBInstanceIdentifier: INSTANCE, SkipFinalSnapshot: true }),
  );
});

async function snapshots(): Promise<DBSnapshot[]> {
  const { DBSnapshots } = await emulator.clients.rds.send(
    new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
  );
  return DBSnapshots ?? [];
}

/** Invokes the function for an instant, as its schedule would. */
function invokeAt(time: string, environment: Record<string, string> = {}) {
  const snapshotFunction: LocalFunction = {
    arn: `arn:aws:lambda:${REGION}:123456789012:function:snapshot`,
    name: 'snapshot',
    path: 'test/Snapshot',
    codeFolder: folder,
    handler: 'index.handler',
    timeoutSeconds: 110,
    memoryMiB: 256,
    environment: {
      GOLIVE_ENVIRONMENT: 'local',
      POWERTOOLS_SERVICE_NAME: 'backup-snapshot',
      POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
      POWERTOOLS_LOG_LEVEL: 'INFO',
      DATABASE_INSTANCE_IDENTIFIER: INSTANCE,
      DATABASE_RESOURCE_ID: resourceId,
      SNAPSHOT_RETENTION_DAYS: '30',
      SNAPSHOT_KEEP_NEWEST: '3',
      VAULT_BUCKET: 'vault',
      ...environment,
    },
  };
  const event = { id: 'e1', time, source: 'aws.events', 'detail-type': 'Scheduled Event', resources: [] };
  return invokeFunction(snapshotFunction, event, {
    region: REGION,
    credentials: emulator.aws.credentials,
    awsEndpoint: emulator.aws.endpoint,
    programFolders: [],
    databaseCaFile: undefined,
    temporaryFolder: folder,
  }).finished;
}

test('a snapshot of that name which somebody else made is refused and left as it is', async () => {
  const identifier = `${INSTANCE}-20260501t030000z`;
  await emulator.clients.rds.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: INSTANCE, DBSnapshotIdentifier: identifier }),
  );
  const { error } = await invokeAt('2026-05-01T03:00:00Z');
  expect(error).toMatchObject({ errorType: 'SnapshotConflictError', code: 'SnapshotConflictError' });
  expect((await snapshots()).map(({ TagList }) => TagList)).toEqual([[]]);
});

test('an instance that is gone is an error, and its snapshots stay', async () => {
  await invokeAt('2026-05-01T03:00:00Z');
  const { error } = await invokeAt('2026-05-02T03:00:00Z', { DATABASE_INSTANCE_IDENTIFIER: 'gone-db' });
  expect(error?.code).toBe('InstanceNotFoundError');
  expect(await snapshots()).toHaveLength(1);
});

test('another instance under the old name is refused', async () => {
  const { error } = await invokeAt('2026-05-01T03:00:00Z', { DATABASE_RESOURCE_ID: 'db-THEONEBEFORE' });
  expect(error?.code).toBe('InstanceMismatchError');
  expect(await snapshots()).toEqual([]);
});

test('a failure reaches Sentry from the deployed bundle, with nothing secret in it', async () => {
  const sentry = await startSentryStub();
  try {
    await emulator.clients.secretsManager.send(
      new CreateSecretCommand({ Name: 'golive/local/sentry-dsn', SecretString: sentry.dsn }),
    );
    const { error, logs } = await invokeAt('2026-05-01T03:00:00Z', {
      SENTRY_DSN_SECRET_NAME: 'golive/local/sentry-dsn',
      SENTRY_TRACES_SAMPLE_RATE: '1',
      DATABASE_INSTANCE_IDENTIFIER: 'password=s3cr3t',
    });
    expect(error).toBeDefined();
    expect(sentry.envelopes).toHaveLength(1);
    expect(eventOf(sentry.envelopes[0])).toMatchObject({
      environment: 'local',
      tags: { function: 'backup/snapshot', code: error?.code },
    });
    expect(JSON.stringify([sentry.envelopes, logs, error])).not.toContain('s3cr3t');
    expect(logs.join()).not.toContain(sentry.dsn);
  } finally {
    await sentry.close();
  }
});

test('two invocations at once make one snapshot, and both succeed', async () => {
  const both = await Promise.all([invokeAt('2026-05-01T03:00:00Z'), invokeAt('2026-05-01T03:00:00Z')]);
  expect(both.map(({ error }) => error)).toEqual([undefined, undefined]);
  const made = await snapshots();
  expect(made.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual([
    `${INSTANCE}-20260501t030000z`,
  ]);
  expect(both.filter(({ result }) => (result as { created: boolean }).created)).toHaveLength(1);
});

test('the retry of an event adopts what the first attempt made', async () => {
  const first = await invokeAt('2026-05-01T03:00:00Z');
  const second = await invokeAt('2026-05-01T03:00:00Z');
  expect(first.result).toMatchObject({ created: true, status: 'available' });
  expect(second.result).toMatchObject({ created: false, status: 'available' });
  expect(await snapshots()).toHaveLength(1);
});

test('night after night it keeps what it must and never touches what a person made', async () => {
  await emulator.clients.rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: INSTANCE,
      DBSnapshotIdentifier: 'before-the-migration',
    }),
  );
  const nights = ['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'];
  for (const night of nights) {
    const { error, logs } = await invokeAt(`${night}T03:00:00Z`, {
      SNAPSHOT_RETENTION_DAYS: '0',
      SNAPSHOT_KEEP_NEWEST: '2',
    });
    expect(error).toBeUndefined();
    const metrics = logs
      .map((line) => JSON.parse(line) as object)
      .filter((line) => 'SnapshotCompleted' in line);
    expect(metrics).toEqual([expect.objectContaining({ SnapshotTaken: 1, SnapshotCompleted: 1 })]);
  }
  const left = await snapshots();
  expect(left.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier).sort()).toEqual([
    'before-the-migration',
    `${INSTANCE}-20260503t030000z`,
    `${INSTANCE}-20260504t030000z`,
  ]);
  const owner = { environment: 'local', instanceResourceId: resourceId };
  expect(left.filter((snapshot) => isOurs(snapshot, owner))).toHaveLength(2);
});
