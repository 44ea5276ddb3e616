import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { pruneDumps, type ExpiredBackup, type PruneDumpsReport } from '../../../core/backup/retention';
import {
  archiveKey,
  asBackupId,
  backupPrefix,
  manifestKey,
  type BackupId,
} from '../../../core/backup/vault-layout';
import { startEmulator, type EmulatedAws } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { failOn, noteCommands, passTime } from '../../support/s3-client-hooks';
import { makeLockableBucket } from './emulated-resources';

const DAY_MS = 86_400_000;
const DATABASE = 'shop "ü"';

let supervisor: Supervisor;
let aws: EmulatedAws;
let bucket: string;
let vaults = 0;
let s3: S3Client;
let clients: S3Client[] = [];

beforeAll(async () => {
  supervisor = Supervisor.start();
  ({ aws } = await startEmulator(supervisor, 'eu-central-1'));
});

afterAll(() => supervisor?.stop());

beforeEach(async () => {
  bucket = `vault-${++vaults}`;
  s3 = newClient();
  await makeLockableBucket(s3, bucket, 'eu-central-1');
});

afterEach(() => {
  clients.forEach((client) => client.destroy());
  clients = [];
});

function newClient(): S3Client {
  const client = new S3Client({ ...aws, forcePathStyle: true });
  clients.push(client);
  return client;
}

function id(text: string): BackupId {
  const backupId = asBackupId(text);
  if (!backupId) throw new Error(`${text} is no backup id`);
  return backupId;
}

const FIRST = id('20260901T020000Z');
const SECOND = id('20260902T020000Z');

const put = (
  key: string,
  more: { ObjectLockLegalHoldStatus?: 'ON'; ObjectLockRetainUntilDate?: Date } = {},
) =>
  s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: key,
      ...(more.ObjectLockRetainUntilDate && { ObjectLockMode: 'GOVERNANCE' }),
      ...more,
    }),
  );

/** A backup with everything that we write, and no more than pruning looks at. @returns its keys */
async function putBackup(backupId: BackupId, database = DATABASE): Promise<string[]> {
  const keys = [
    archiveKey(database, backupId, 'a1'),
    archiveKey(database, backupId, 'a2'),
    `${backupPrefix(database, backupId)}verification.json`,
    manifestKey(database, backupId),
  ];
  for (const key of keys) await put(key);
  return keys;
}

function expired(backupId: string, more: Partial<ExpiredBackup['backup']> = {}): ExpiredBackup {
  return {
    reason: 'older than 30 days, and no other rule keeps it',
    backup: {
      id: backupId,
      kind: 'dump',
      dbiResourceId: 'db-SHOP',
      database: DATABASE,
      createdAt: new Date('2026-09-01T02:10:00Z'),
      status: 'finished',
      legalHold: false,
      managed: true,
      instanceDeleted: false,
      ...more,
    },
  };
}

const prune = (
  entries: ExpiredBackup[],
  more: { client?: S3Client; dryRun?: boolean; signal?: AbortSignal } = {},
): Promise<PruneDumpsReport> => {
  const { client = s3, ...options } = more;
  return pruneDumps({ s3: client, bucket, plan: { prune: entries }, ...options });
};

async function keysLeft(): Promise<string[]> {
  const { Contents: contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return contents.map(({ Key }) => Key ?? '');
}

describe('pruning dumps', () => {
  it('deletes the manifest first, then everything else of the backup, and nothing of another one', async () => {
    const gone = await putBackup(FIRST);
    const staying = await putBackup(SECOND);
    const sent = noteCommands(s3);
    const report = await prune([expired(FIRST)]);

    expect(report).toMatchObject({ complete: true, dumps: [{ backupId: FIRST, outcome: 'pruned' }] });
    expect(await keysLeft()).toEqual([...staying].sort());
    const deletions = sent.filter((command) => command.startsWith('DeleteObject'));
    expect(deletions[0]).toBe(`DeleteObjectCommand ${manifestKey(DATABASE, FIRST)}`);
    expect(deletions).toHaveLength(gone.length);
  });

  it('can be undone: each deletion is a marker, and the report names it', async () => {
    const keys = await putBackup(FIRST);
    const { dumps } = await prune([expired(FIRST)]);
    for (const { key, deleteMarkerVersionId } of dumps[0]?.deleted ?? []) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: deleteMarkerVersionId }));
    }
    expect(await keysLeft()).toEqual([...keys].sort());
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: keys[0] }));
    expect(await Body?.transformToString()).toBe(keys[0]);
  });

  it('only says what it would do in a dry run', async () => {
    const keys = await putBackup(FIRST);
    const report = await prune([expired(FIRST)], { dryRun: true });
    expect(report).toMatchObject({ dryRun: true, dumps: [{ outcome: 'pruned' }] });
    expect(report.dumps[0]?.deleted.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(await keysLeft()).toEqual([...keys].sort());
  });

  it.each([
    ['a legal hold', { ObjectLockLegalHoldStatus: 'ON' as const }, 'LegalHold'],
    ['a lock', { ObjectLockRetainUntilDate: new Date(Date.now() + 30 * DAY_MS) }, 'ObjectLock'],
  ])('keeps all of a backup when %s was put on a part of it after the plan', async (_what, lock, code) => {
    const keys = await putBackup(FIRST);
    const held = archiveKey(DATABASE, FIRST, 'a1');
    await put(held, lock);
    const report = await prune([expired(FIRST)]);
    expect(report).toMatchObject({
      complete: true,
      dumps: [{ outcome: 'kept', deleted: [], obstacles: [{ key: held, kind: 'protected', code }] }],
    });
    expect(await keysLeft()).toEqual([...keys].sort());
  });

  it('deletes nothing of a backup whose manifest S3 refuses to delete, and goes on with the next', async () => {
    const keys = await putBackup(FIRST);
    await putBackup(SECOND);
    failOn(s3, (command, key) =>
      command === 'DeleteObjectCommand' && key === manifestKey(DATABASE, FIRST)
        ? { code: 'AccessDenied', status: 403 }
        : undefined,
    );
    const report = await prune([expired(FIRST), expired(SECOND)]);
    expect(report).toMatchObject({
      complete: false,
      dumps: [
        { outcome: 'kept', obstacles: [{ kind: 'refused', code: 'AccessDenied' }] },
        { outcome: 'pruned' },
      ],
    });
    expect(report.dumps[0]?.obstacles[0]?.message).toMatch(/allow the role to .* delete below dumps\//);
    expect(await keysLeft()).toEqual([...keys].sort());
  });

  it('leaves bytes without a manifest when S3 fails half-way, and a later run takes them', async () => {
    await putBackup(FIRST);
    const stuck = archiveKey(DATABASE, FIRST, 'a2');
    const failing = newClient();
    failOn(failing, (command, key) =>
      command === 'DeleteObjectCommand' && key === stuck ? { code: 'InternalError', status: 500 } : undefined,
    );
    const report = await prune([expired(FIRST)], { client: failing });
    expect(report).toMatchObject({
      complete: false,
      dumps: [
        { outcome: 'partly-pruned', obstacles: [{ key: stuck, kind: 'failed', code: 'InternalError' }] },
      ],
    });
    expect(await keysLeft()).toEqual([stuck]);

    passTime(s3, 3 * DAY_MS);
    const later = await prune([]);
    expect(later).toMatchObject({ complete: true, debris: { orphans: [{ key: stuck }] } });
    expect(await keysLeft()).toEqual([]);
  });

  it('has nothing left to do when it runs again', async () => {
    await putBackup(FIRST);
    await prune([expired(FIRST)]);
    const again = await prune([expired(FIRST)]);
    expect(again).toMatchObject({ complete: true, dumps: [{ outcome: 'already-gone', deleted: [] }] });
  });

  it('never deletes what is not ours, wherever it lies', async () => {
    await putBackup(FIRST);
    const foreign = [
      `${backupPrefix(DATABASE, FIRST)}notes.txt`,
      `${backupPrefix(DATABASE, FIRST)}manifest.json.bak`,
      `${backupPrefix(DATABASE, FIRST)}archive-a1.pgdump/part`,
      `dumps/manual/${FIRST}/archive-a1.pgdump`,
      'dumps/%zz/2026/09/01/20260901T020000Z/archive-a1.pgdump',
      'audit/2026/09/01/x.json',
    ];
    for (const key of foreign) await put(key);
    passTime(s3, 100 * DAY_MS);
    const report = await prune([expired(FIRST)]);
    expect(report.complete).toBe(true);
    expect(report.dumps[0]?.foreign).toHaveLength(3);
    expect(await keysLeft()).toEqual([...foreign].sort());
  });

  it('refuses names that we never give, and leaves snapshots to others', async () => {
    const report = await prune([
      expired('../../audit'),
      expired(FIRST, { database: '' }),
      expired('golive-prod-1', { kind: 'manual-snapshot' }),
    ]);
    expect(report.dumps.map(({ outcome }) => outcome)).toEqual(['not-ours', 'not-ours']);
    expect(report.complete).toBe(false);
  });

  it('stops between two backups when it is asked to, and says what it did not reach', async () => {
    await putBackup(FIRST);
    await putBackup(SECOND);
    const abort = new AbortController();
    failOn(s3, (command, key) => {
      if (command === 'DeleteObjectCommand' && key === manifestKey(DATABASE, FIRST)) abort.abort();
      return undefined;
    });
    const report = await prune([expired(FIRST), expired(SECOND)], { signal: abort.signal });
    expect(report).toMatchObject({
      complete: false,
      dumps: [{ outcome: 'pruned' }, { outcome: 'not-reached' }],
      debris: { interrupted: true },
    });
    expect(await keysLeft()).toHaveLength(4);
  });

  it('says so when the vault cannot be listed at all', async () => {
    const lost = pruneDumps({ s3, bucket: 'no-such-vault', plan: { prune: [] } });
    await expect(lost).rejects.toMatchObject({ code: 'CatalogueUnavailableError' });
  });
});

describe('sweeping up after dead runs', () => {
  const orphan = archiveKey('blog', FIRST, 'dead');

  it('removes an archive without a manifest after two days, and not before', async () => {
    await put(orphan);
    await put(`${backupPrefix('blog', FIRST)}globals.sql`);
    const early = newClient();
    passTime(early, 1.9 * DAY_MS);
    expect((await prune([], { client: early })).debris.orphans).toEqual([]);

    const late = newClient();
    passTime(late, 2.1 * DAY_MS);
    expect((await prune([], { client: late, dryRun: true })).debris.orphans).toHaveLength(2);
    expect((await prune([], { client: late })).debris.orphans).toHaveLength(2);
    expect(await keysLeft()).toEqual([]);
  });

  it('leaves an unnamed archive beside a manifest, which goes with its backup', async () => {
    const keys = [...(await putBackup(FIRST)), ...(await putBackup(FIRST, 'shop'))];
    passTime(s3, 100 * DAY_MS);
    expect((await prune([])).debris.orphans).toEqual([]);
    expect(await keysLeft()).toEqual(keys.sort());
  });

  it('finds orphans between backups of many pages', async () => {
    for (let day = 1; day <= 30; day++) {
      await put(manifestKey('shop', id(`202608${String(day).padStart(2, '0')}T020000Z`)));
    }
    await put(archiveKey('shop', id('20260815T030000Z'), 'dead'));
    s3.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          next(
            commandName === 'ListObjectsV2Command' ? { ...args, input: { ...args.input, MaxKeys: 7 } } : args,
          ),
      { step: 'initialize', name: 'smallPages' },
    );
    passTime(s3, 3 * DAY_MS);
    expect((await prune([])).debris.orphans).toHaveLength(1);
  });

  it('keeps an orphan under legal hold, and says so', async () => {
    await put(orphan, { ObjectLockLegalHoldStatus: 'ON' });
    passTime(s3, 3 * DAY_MS);
    const { debris } = await prune([]);
    expect(debris).toMatchObject({ orphans: [], obstacles: [{ key: orphan, kind: 'protected' }] });
    expect(await keysLeft()).toEqual([orphan]);
  });

  it('aborts uploads of ours that were begun more than a day ago', async () => {
    const begin = (key: string) => s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    await begin(orphan);
    await begin('dumps/somebody-elses');
    await begin('replica/archive-1.pgdump');
    const uploadsLeft = async () => {
      const { Uploads: uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return uploads.map(({ Key }) => Key ?? '').sort();
    };
    // moto says of every upload that it was begun at this time.
    const begun = Date.parse('2010-11-10T20:48:33Z');
    const early = newClient();
    passTime(early, begun + 0.9 * DAY_MS - Date.now());
    expect((await prune([], { client: early })).debris.uploads).toEqual([]);
    expect((await prune([])).debris.uploads).toMatchObject([{ key: orphan }]);
    expect(await uploadsLeft()).toEqual(['dumps/somebody-elses', 'replica/archive-1.pgdump']);
  });
});
