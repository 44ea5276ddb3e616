import { HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { pruneReplica, type PruneReplicaReport } from '../../../core/backup/offsite';
import { withLease } from '../../../core/backup/lease';
import { REPLICA_RETENTION_LEASE } from '../../../core/backup/offsite/lease-name';
import { RetentionPolicy, type RetentionPolicyInput } from '../../../core/backup/retention';
import {
  archiveKey,
  backupIdAt,
  instantOf,
  manifestKey,
  type BackupId,
} from '../../../core/backup/vault-layout';
import { putVerification } from '../../../core/backup/verify';
import { startEmulator, type EmulatedAws } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { MANIFEST, verification } from '../../core/backup/verify/fixtures';
import { failOn, noteCommands } from '../../support/s3-client-hooks';
import { makeLockableBucket } from './emulated-resources';

const ARCHIVE = 'archive';
const DAY_MS = 86_400_000;
const DATABASE = 'shop';
const POLICY: RetentionPolicyInput = { keepDays: 30, keepNewestVerified: 2 };

const EVERYTHING_BUT_DATE = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

let supervisor: Supervisor;
let aws: EmulatedAws;
let bucket: string;
let vaults = 0;
let s3: S3Client;
let clients: S3Client[] = [];
let now: number;

beforeAll(async () => {
  supervisor = Supervisor.start();
  ({ aws } = await startEmulator(supervisor, 'eu-west-1'));
});

afterAll(() => supervisor?.stop());

beforeEach(async () => {
  now = Date.now();
  bucket = `replica-${++vaults}`;
  s3 = newClient();
  await makeLockableBucket(s3, bucket, 'eu-west-1');
});

afterEach(() => {
  clients.forEach((client) => client.destroy());
  clients = [];
});

/** Sees each backup stored at the instant that its id names, as a replica has its original's time. */
function newClient(): S3Client {
  const client = new S3Client({ ...aws, forcePathStyle: true });
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Contents = [] } = result.output as { Contents?: { Key?: string; LastModified?: Date }[] };
      for (const object of Contents) {
        const instant = instantOf(object.Key?.split('/')[5] ?? '');
        if (instant) object.LastModified = instant;
      }
      return result;
    },
    { step: 'initialize', name: 'storedAsTheIdSays' },
  );
  clients.push(client);
  return client;
}

const idOf = (daysAgo: number): BackupId => backupIdAt(new Date(now - daysAgo * DAY_MS));
const named = (...daysAgo: number[]) => daysAgo.map((days) => `${DATABASE}/${idOf(days)}`);

/** A dump that has arrived whole. */
async function putDump(
  daysAgo: number,
  options: { verified?: boolean; lockedFor?: number } = {},
): Promise<void> {
  const backupId = idOf(daysAgo);
  const key = archiveKey(DATABASE, backupId, 'a1');
  const { ChecksumCRC32: s3ChecksumCrc32 = '' } = await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: ARCHIVE,
      ChecksumAlgorithm: 'CRC32',
      ...(options.lockedFor !== undefined && {
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(now + options.lockedFor * DAY_MS),
      }),
    }),
  );
  const archive = { ...MANIFEST.archive, key, bytes: ARCHIVE.length, s3ChecksumCrc32 };
  const source = { ...MANIFEST.source, database: DATABASE };
  const manifest = { ...MANIFEST, backupId, archive, source };
  if (options.verified) {
    await putVerification({ s3, bucket }, verification(undefined, { backupId, archiveKey: key }));
  }
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: manifestKey(DATABASE, backupId),
      Body: JSON.stringify(manifest),
    }),
  );
}

async function putDumps(...daysAgo: number[]): Promise<void> {
  for (const days of daysAgo) await putDump(days);
}

function prune(policy = POLICY, client = s3): Promise<PruneReplicaReport> {
  return pruneReplica({
    s3: client,
    bucket,
    policy: RetentionPolicy.parse(policy),
    freshWithinHours: 50,
    holder: 'this test',
  });
}

/** Days, of the manifests that are left. */
async function left(): Promise<number[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'dumps/' }));
  return Contents.flatMap(({ Key = '' }) => {
    const instant = Key.endsWith('/manifest.json') ? instantOf(Key.split('/')[5] ?? '') : undefined;
    return instant ? [Math.round((now - instant.getTime()) / DAY_MS)] : [];
  }).sort((a, b) => a - b);
}

describe('nothing is pruned', () => {
  test('when the newest dump is older than it may be: replication, or the dump, has stopped', async () => {
    await putDumps(3, 40, 50, 60, 70);
    await expect(prune()).resolves.toMatchObject({
      dumps: 5,
      pruned: [],
      heldBack: `the newest dump, ${named(3).join()}, is 72 hours old and may be 50`,
    });
    expect(await left()).toEqual([3, 40, 50, 60, 70]);
  });

  test('when no dump has arrived yet', async () => {
    await expect(prune()).resolves.toMatchObject({ dumps: 0, heldBack: 'no dump has arrived yet' });
  });

  test('when a newer archive has arrived and its manifest has not', async () => {
    await putDumps(3, 40, 50, 60);
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: archiveKey(DATABASE, idOf(0), 'a1'), Body: ARCHIVE }),
    );
    await expect(prune()).resolves.toMatchObject({ pruned: [], heldBack: expect.any(String) as string });
  });

  test('when S3 does not list the vault', async () => {
    await putDumps(0, 1, 40, 50, 60);
    failOn(s3, (command) =>
      command === 'ListObjectsV2Command' ? { code: 'AccessDenied', status: 403 } : undefined,
    );
    const sent = noteCommands(s3);
    await expect(prune()).rejects.toMatchObject({ code: 'CatalogueUnavailableError', retryable: false });
    expect(sent.filter((command) => command.startsWith('Delete'))).toEqual([]);
  });

  test('when a record of verification cannot be read, for it may be what keeps a dump', async () => {
    await putDumps(0, 1, 40, 50, 60);
    await putDump(70, { verified: true });
    failOn(s3, (command, key) =>
      command === 'GetObjectCommand' && key.includes('/verification-')
        ? { code: 'SlowDown', status: 503 }
        : undefined,
    );
    await expect(prune()).rejects.toMatchObject({ code: 'VerificationUnavailableError' });
    expect(await left()).toEqual([0, 1, 40, 50, 60, 70]);
  });

  test('while another run holds the lease, which lies in the replica vault itself', async () => {
    await putDumps(0, 1, 40, 50, 60);
    await withLease({ s3, bucket, name: REPLICA_RETENTION_LEASE, holder: 'the other run' }, async () => {
      await expect(prune()).rejects.toMatchObject({ code: 'LeaseHeldError' });
    });
    expect(await left()).toEqual([0, 1, 40, 50, 60]);
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'leases/retention/dumps.json' }));
  });
});

describe('pruning the replica vault', () => {
  test('goes by its own policy, and keeps the newest', async () => {
    await putDumps(0, 1, 20, 31, 40, 50);
    // 31 is what the 30 days began with.
    await expect(prune()).resolves.toEqual({ dumps: 6, kept: 4, pruned: named(40, 50), protected: [] });
    expect(await left()).toEqual([0, 1, 20, 31]);
    await expect(prune()).resolves.toMatchObject({ pruned: [] });
  });

  test('keeps what was proven, however old', async () => {
    await putDumps(0, 1, 31, 40);
    await putDump(50, { verified: true });
    await putDump(60, { verified: true });
    await putDump(70, { verified: true });
    await expect(prune()).resolves.toMatchObject({ pruned: named(40, 70) });
  });

  test('leaves what is locked to a later run, and does not fail for it', async () => {
    await putDumps(0, 1, 31, 40);
    await putDump(50, { lockedFor: 1 });
    await expect(prune()).resolves.toMatchObject({ pruned: named(40), protected: named(50) });
    expect(await left()).toEqual([0, 1, 31, 50]);
  });

  test.each([
    ['a day fast', 1],
    ['a day slow', -1],
  ])("goes by S3's clock, with one of its own that is %s", async (_what, days) => {
    await putDumps(0, 1, 29.5, 30.5, 31, 40);
    jest.useFakeTimers({ now: now + days * DAY_MS, doNotFake: [...EVERYTHING_BUT_DATE] });
    try {
      await expect(prune()).resolves.toMatchObject({ pruned: named(31, 40) });
    } finally {
      jest.useRealTimers();
    }
  });

  test('what S3 refuses to delete fails the run, with the object and what to do', async () => {
    await putDumps(0, 1, 31, 40, 50);
    failOn(s3, (command, key) =>
      command === 'DeleteObjectCommand' && key.includes(idOf(50))
        ? { code: 'AccessDenied', status: 403 }
        : undefined,
    );
    await expect(prune()).rejects.toMatchObject({ code: 'ReplicaPruneIncompleteError' });
    await expect(prune()).rejects.toThrow(new RegExp(`${idOf(50)}/manifest\\.json.*allow the role`));
    expect(await left()).toEqual([0, 1, 31, 50]);
  });
});
