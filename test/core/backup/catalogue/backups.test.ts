import {
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  RDSServiceException,
  type DBInstanceAutomatedBackup,
  type DBSnapshot,
} from '@aws-sdk/client-rds';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  BackupNotFoundError,
  CatalogueUnavailableError,
  checkedDump,
  listBackups,
  type Backup,
  type DumpBackup,
  type ListBackupsOptions,
} from '../../../../core/backup/catalogue';
import type { Manifest } from '../../../../core/backup/manifest';
import { archiveKey, asBackupId, globalsKey, manifestKey } from '../../../../core/backup/vault-layout';

const BUCKET = 'vault';
const CHECKSUM = 'y/Q5Jg==';
const MONDAY = new Date('2026-11-02T03:00:00Z');
const TUESDAY = new Date('2026-11-03T03:00:00Z');
const WEDNESDAY = new Date('2026-11-04T03:00:00Z');

/** A bucket and an RDS in memory that answer as the services do: by pages, folders and filters. */
class Services {
  readonly s3 = new S3Client({});
  readonly rds = new RDSClient({});
  readonly s3Mock = mockClient(this.s3);
  readonly rdsMock = mockClient(this.rds);
  readonly objects = new Map<string, { bytes: number; at: Date; text?: string }>();
  readonly snapshots: DBSnapshot[] = [];
  readonly automated: DBInstanceAutomatedBackup[] = [];
  pageSize = 1000;

  constructor() {
    this.s3Mock.on(ListObjectsV2Command).callsFake((input) => this.list(input as ListInput));
    this.s3Mock.on(GetObjectCommand).callsFake(({ Key }) => {
      const text = this.objects.get(Key as string)?.text ?? '';
      return { Body: { transformToString: () => Promise.resolve(text) } };
    });
    this.s3Mock.on(HeadObjectCommand).callsFake(({ Key }) => ({
      ContentLength: this.objects.get(Key as string)?.bytes,
      ChecksumCRC32: CHECKSUM,
    }));
    this.rdsMock.on(DescribeDBSnapshotsCommand).callsFake((input) => {
      const { SnapshotType } = input as { SnapshotType: string };
      const { items, Marker } = this.page(
        this.snapshots.filter((snapshot) => snapshot.SnapshotType === SnapshotType),
        input as RdsInput,
      );
      return { DBSnapshots: items, Marker };
    });
    this.rdsMock.on(DescribeDBInstanceAutomatedBackupsCommand).callsFake((input) => {
      const { items, Marker } = this.page(this.automated, input as RdsInput);
      return { DBInstanceAutomatedBackups: items, Marker };
    });
    this.rdsMock.on(DescribeDBInstancesCommand).resolves({ DBInstances: [] });
  }

  dump(id: string, at: Date, database = 'golive'): { manifest: string; archive: string } {
    const backupId = asBackupId(id)!;
    const archive = archiveKey(database, backupId, 'a1');
    const manifest = manifestKey(database, backupId);
    this.objects.set(archive, { bytes: 100, at });
    this.objects.set(globalsKey(database, backupId, 'a1'), { bytes: 10, at });
    const text = JSON.stringify(manifestOf(id, database));
    this.objects.set(manifest, { bytes: text.length, at, text });
    return { manifest, archive };
  }

  snapshot(id: string, at: Date | undefined, more: DBSnapshot = {}): void {
    this.snapshots.push({
      DBSnapshotIdentifier: id,
      DBInstanceIdentifier: 'shop',
      DbiResourceId: 'db-1',
      SnapshotType: 'manual',
      Status: 'available',
      AllocatedStorage: 20,
      ...(at && { SnapshotCreateTime: at }),
      ...more,
    });
  }

  private list({ Prefix = '', Delimiter, ContinuationToken }: ListInput) {
    const entries = new Map<string, object>();
    for (const key of [...this.objects.keys()].sort()) {
      if (!key.startsWith(Prefix)) continue;
      const end = Delimiter === undefined ? -1 : key.indexOf(Delimiter, Prefix.length);
      const { bytes, at } = this.objects.get(key)!;
      if (end >= 0) entries.set(key.slice(0, end + 1), { Prefix: key.slice(0, end + 1) });
      else entries.set(key, { Key: key, Size: bytes, LastModified: at });
    }
    const from = Number(ContinuationToken ?? 0);
    const page = [...entries.values()].slice(from, from + this.pageSize);
    const more = from + this.pageSize < entries.size;
    return {
      Contents: page.filter((entry) => 'Key' in entry),
      CommonPrefixes: page.filter((entry) => 'Prefix' in entry),
      IsTruncated: more,
      ...(more && { NextContinuationToken: String(from + this.pageSize) }),
    };
  }

  private page<T extends { DbiResourceId?: string | undefined }>(all: T[], input: RdsInput) {
    const wanted = input.Filters?.find(({ Name }) => Name === 'dbi-resource-id')?.Values;
    const chosen = all.filter(({ DbiResourceId }) => wanted?.includes(DbiResourceId!) ?? true);
    const from = Number(input.Marker ?? 0);
    const to = from + Math.min(this.pageSize, input.MaxRecords);
    return { items: chosen.slice(from, to), Marker: to < chosen.length ? String(to) : undefined };
  }
}

interface ListInput {
  Prefix?: string;
  Delimiter?: string;
  ContinuationToken?: string;
}

interface RdsInput {
  Marker?: string;
  MaxRecords: number;
  Filters?: { Name: string; Values: string[] }[];
}

function manifestOf(id: string, database: string): Manifest {
  const backupId = asBackupId(id)!;
  return {
    manifestVersion: 1,
    backupId,
    environment: 'test',
    source: {
      instanceIdentifier: 'shop',
      dbiResourceId: 'db-1',
      database,
      serverVersion: '17.5',
      serverVersionNumber: 170005,
      sizeBytes: 1000,
    },
    archive: {
      key: archiveKey(database, backupId, 'a1'),
      format: 'custom',
      compression: 'gzip:1',
      clientVersion: '17.5',
      bytes: 100,
      sha256: 'a'.repeat(64),
      s3ChecksumCrc32: CHECKSUM,
      parts: 1,
    },
    globals: { key: globalsKey(database, backupId, 'a1'), bytes: 10, sha256: 'b'.repeat(64) },
    fingerprint: { notTaken: 'this is a test' },
    scheduledFor: '2026-11-01T02:00:00.000Z',
    startedAt: '2026-11-01T02:00:00.000Z',
    completedAt: '2026-11-01T02:01:00.000Z',
  };
}

function s3Says(name: string, status: number): S3ServiceException {
  return new S3ServiceException({
    name,
    $fault: 'client',
    message: `S3 says ${name}`,
    $metadata: { httpStatusCode: status },
  });
}

function rdsSays(name: string, status = 400): RDSServiceException {
  return new RDSServiceException({
    name,
    $fault: 'client',
    message: `RDS says ${name}`,
    $metadata: { httpStatusCode: status },
  });
}

const DUMP = '20261102T020000Z';
const LATER_DUMP = '20261103T020000Z';

let services: Services;
beforeEach(() => {
  services = new Services();
});

function list(more: Partial<ListBackupsOptions> = {}) {
  return listBackups({ s3: services.s3, bucket: BUCKET, rds: services.rds, ...more });
}

const idsOf = ({ backups }: { backups: readonly Backup[] }) => backups.map(({ id }) => id);

describe('a source that cannot be read', () => {
  beforeEach(() => {
    services.dump(DUMP, MONDAY);
    services.snapshot('by-hand', TUESDAY);
    services.automated.push(windowOf('db-1', 'active', MONDAY, WEDNESDAY));
  });

  test('RDS refuses: the dumps are listed, and what is missing is named', async () => {
    services.rdsMock.rejects(rdsSays('AccessDenied', 403));
    const catalogue = await list();
    expect(idsOf(catalogue)).toEqual([DUMP]);
    expect(catalogue.unreadable).toMatchObject([
      {
        source: 'snapshots',
        reason: expect.stringMatching(/AccessDenied.*; check .*rds:DescribeDBSnapshots$/) as string,
      },
      {
        source: 'point-in-time',
        reason: expect.stringMatching(/rds:DescribeDBInstanceAutomatedBackups$/) as string,
      },
    ]);
  });

  test('the vault refuses: the snapshots are listed, and what is missing is named', async () => {
    services.s3Mock.on(ListObjectsV2Command).rejects(s3Says('AccessDenied', 403));
    const catalogue = await list();
    expect(idsOf(catalogue)).toEqual(['point-in-time:db-1', 'by-hand']);
    expect(catalogue.unreadable).toMatchObject([
      { source: 'dumps', reason: expect.stringMatching(/AccessDenied.*; check the bucket's name/) as string },
    ]);
  });

  test('RDS throttles in the middle of the pages: half a list of snapshots is none', async () => {
    services.pageSize = 20;
    for (let index = 0; index < 30; index++) services.snapshot(`s-${index}`, MONDAY);
    services.rdsMock
      .on(DescribeDBSnapshotsCommand, { SnapshotType: 'manual', Marker: '20' })
      .rejects(rdsSays('Throttling'));
    const catalogue = await list();
    expect(idsOf(catalogue)).toEqual(['point-in-time:db-1', DUMP]);
    expect(catalogue.unreadable).toMatchObject([
      { source: 'snapshots', reason: expect.stringMatching(/Throttling.*; try again in a minute/) as string },
    ]);
  });

  test('nothing can be read: there is no catalogue, not an empty one', async () => {
    services.rdsMock.rejects(rdsSays('AccessDenied', 403));
    services.s3Mock.rejects(s3Says('AccessDenied', 403));
    const listing = list();
    await expect(listing).rejects.toThrow(CatalogueUnavailableError);
    await expect(listing).rejects.toThrow(/neither the vault s3:\/\/vault .* nor RDS .*; check/);
    await expect(listing).rejects.toMatchObject({ retryable: false });
  });

  test('nothing can be read, but RDS was only throttled: it is worth another try', async () => {
    services.rdsMock.rejects(rdsSays('ThrottlingException'));
    services.s3Mock.rejects(s3Says('AccessDenied', 403));
    await expect(list()).rejects.toMatchObject({ code: 'CatalogueUnavailableError', retryable: true });
  });

  test('an error of our own is not taken for a source that cannot be read', async () => {
    const broken = [null] as unknown as DBSnapshot[];
    services.rdsMock.on(DescribeDBSnapshotsCommand).resolves({ DBSnapshots: broken });
    await expect(list()).rejects.toThrow(TypeError);
  });

  test('a record of verification: the dumps stay, and nobody asks for the next 10,000', async () => {
    services.dump(LATER_DUMP, TUESDAY);
    const verificationOf = jest.fn().mockRejectedValue(s3Says('AccessDenied', 403));
    const { backups, unreadable } = await list({ verificationOf, concurrency: 1 });
    expect(verificationOf).toHaveBeenCalledTimes(1);
    expect(backups.filter(({ kind }) => kind === 'dump').map(({ verified }) => verified)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(unreadable).toMatchObject([{ source: 'verifications' }]);
  });
});

function windowOf(
  id: string,
  status: string,
  EarliestTime: Date,
  LatestTime: Date,
): DBInstanceAutomatedBackup {
  return {
    DbiResourceId: id,
    DBInstanceIdentifier: 'shop',
    Status: status,
    RestoreWindow: { EarliestTime, LatestTime },
  };
}

describe('the order', () => {
  test('is newest first by the services’ clocks, whatever the kind', async () => {
    services.dump(LATER_DUMP, MONDAY);
    services.dump(DUMP, WEDNESDAY);
    services.snapshot('by-hand', TUESDAY);
    services.automated.push(windowOf('db-1', 'active', MONDAY, new Date('2026-11-05T00:00:00Z')));
    expect(idsOf(await list())).toEqual(['point-in-time:db-1', DUMP, 'by-hand', LATER_DUMP]);
  });

  test('of the same second is that of the ids, whichever came first', async () => {
    const ids = ['b', 'c', 'a'];
    for (const id of ids) services.snapshot(id, MONDAY);
    const first = idsOf(await list());
    services.snapshots.reverse();
    expect(idsOf(await list())).toEqual(first);
    expect(first).toEqual(['c', 'b', 'a']);
  });

  test('goes by when the data was captured, not by when it was copied', async () => {
    services.snapshot('copy', WEDNESDAY, { OriginalSnapshotCreateTime: MONDAY });
    services.snapshot('original', TUESDAY);
    const catalogue = await list();
    expect(idsOf(catalogue)).toEqual(['original', 'copy']);
    expect(catalogue.backups[1]).toMatchObject({ createdAt: MONDAY });
  });

  test('a snapshot that has no time yet comes first', async () => {
    services.snapshot('begun', undefined, { Status: 'creating' });
    services.dump(DUMP, MONDAY);
    const { backups } = await list();
    expect(backups[0]).toMatchObject({ id: 'begun', createdAt: undefined, status: 'unfinished' });
  });

  test('does not ask this machine for the time', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(0);
    services.dump(DUMP, MONDAY);
    services.snapshot('by-hand', TUESDAY);
    expect(idsOf(await list())).toEqual(['by-hand', DUMP]);
    now.mockRestore();
  });
});

describe('snapshots', () => {
  test('come from all pages and of both types', async () => {
    services.pageSize = 20;
    for (let index = 0; index < 45; index++) services.snapshot(`s-${index}`, MONDAY);
    services.snapshot('rds:shop-2026', TUESDAY, { SnapshotType: 'automated' });
    const { backups } = await list();
    expect(backups).toHaveLength(46);
    expect(backups[0]).toMatchObject({ kind: 'automated-snapshot', managed: false });
    expect(services.rdsMock.commandCalls(DescribeDBSnapshotsCommand)).toHaveLength(4);
  });

  test('of an instance are asked for by its immutable id, so that another one of the same name has its own', async () => {
    services.snapshot('of-the-first', MONDAY, { DbiResourceId: 'db-1' });
    services.snapshot('of-the-second', TUESDAY, { DbiResourceId: 'db-2' });
    expect(idsOf(await list({ dbiResourceId: 'db-1', instanceIdentifier: 'shop' }))).toEqual([
      'of-the-first',
    ]);
    const calls = services.rdsMock.commandCalls(DescribeDBSnapshotsCommand);
    expect(calls[0]!.args[0].input.Filters).toEqual([{ Name: 'dbi-resource-id', Values: ['db-1'] }]);
  });

  test('of a name are those of every instance that bore it, each with its own id', async () => {
    services.snapshot('of-the-first', MONDAY, { DbiResourceId: 'db-1' });
    services.snapshot('of-the-second', TUESDAY, { DbiResourceId: 'db-2' });
    services.snapshot('of-another', TUESDAY, { DbiResourceId: 'db-3', DBInstanceIdentifier: 'blog' });
    const { backups } = await list({ instanceIdentifier: 'Shop' });
    expect(backups).toMatchObject([
      { id: 'of-the-second', dbiResourceId: 'db-2' },
      { id: 'of-the-first', dbiResourceId: 'db-1' },
    ]);
  });

  test('are managed when they carry our tags for this very instance', async () => {
    const tags = (id: string) => [
      { Key: 'golive:managed-by', Value: 'golive-backup' },
      { Key: 'golive:environment', Value: 'prod' },
      { Key: 'golive:instance-resource-id', Value: id },
      { Key: 'golive:scheduled-for', Value: '2026-11-02T02:00:00.000Z' },
    ];
    services.snapshot('ours', WEDNESDAY, { TagList: tags('db-1') });
    services.snapshot('of-an-earlier-instance', TUESDAY, { TagList: tags('db-0') });
    services.snapshot('by-hand', MONDAY);
    const { backups } = await list();
    expect(backups.map(({ managed }) => managed)).toEqual([true, false, false]);
  });

  test.each([
    ['available', 'finished'],
    ['creating', 'unfinished'],
    ['failed', 'failed'],
    ['incompatible-restore', 'failed'],
  ])('that are %s are %s', async (Status, status) => {
    services.snapshot('by-hand', MONDAY, { Status });
    expect((await list()).backups).toMatchObject([{ status, serviceStatus: Status }]);
  });

  test('have their own size when RDS tells it, else their volume’s', async () => {
    services.snapshot('told', TUESDAY, { FullSnapshotSizeInBytes: 123 });
    services.snapshot('not-told', MONDAY);
    expect((await list()).backups).toMatchObject([{ sizeBytes: 123 }, { sizeBytes: 20 * 1024 ** 3 }]);
  });
});

describe('restoring to a point in time', () => {
  test('is possible within RDS’s window, also of a deleted instance', async () => {
    services.automated.push(windowOf('db-2', 'active', TUESDAY, WEDNESDAY));
    services.automated.push(windowOf('db-1', 'retained', MONDAY, TUESDAY));
    expect((await list()).backups).toMatchObject([
      { id: 'point-in-time:db-2', createdAt: WEDNESDAY, serviceStatus: 'active' },
      {
        id: 'point-in-time:db-1',
        instanceIdentifier: 'shop',
        window: { earliest: MONDAY, latest: TUESDAY },
        serviceStatus: 'retained',
      },
    ]);
  });

  test('is one entry for an instance, and none for one without a window', async () => {
    services.automated.push(windowOf('db-1', 'retained', MONDAY, TUESDAY));
    services.automated.push(windowOf('db-1', 'active', MONDAY, WEDNESDAY));
    services.automated.push({ DbiResourceId: 'db-2', Status: 'creating' });
    expect((await list()).backups).toMatchObject([{ dbiResourceId: 'db-1', createdAt: WEDNESDAY }]);
  });

  test('comes from all pages', async () => {
    services.pageSize = 20;
    for (let index = 0; index < 45; index++) {
      services.automated.push(windowOf(`db-${index}`, 'active', MONDAY, TUESDAY));
    }
    expect((await list()).backups).toHaveLength(45);
  });

  test('is known by its end alone when only the instances may be read, and that is said', async () => {
    services.rdsMock.on(DescribeDBInstanceAutomatedBackupsCommand).rejects(rdsSays('AccessDenied', 403));
    services.rdsMock.on(DescribeDBInstancesCommand).resolves({
      DBInstances: [
        { DbiResourceId: 'db-1', DBInstanceIdentifier: 'shop', LatestRestorableTime: WEDNESDAY },
        { DbiResourceId: 'db-2', DBInstanceIdentifier: 'without-backups' },
      ],
    });
    const { backups, unreadable } = await list();
    expect(backups).toMatchObject([
      { dbiResourceId: 'db-1', window: { earliest: undefined, latest: WEDNESDAY } },
    ]);
    expect(unreadable).toMatchObject([{ source: 'point-in-time' }]);
  });
});

describe('dumps by the listing alone', () => {
  test('are not opened, and say so', async () => {
    services.dump(DUMP, MONDAY);
    const { backups } = await list();
    expect(backups).toMatchObject([
      { kind: 'dump', id: DUMP, database: 'golive', createdAt: MONDAY, sizeBytes: 100, checked: false },
    ]);
    expect(services.s3Mock.commandCalls(GetObjectCommand)).toHaveLength(0);
    expect(services.s3Mock.commandCalls(HeadObjectCommand)).toHaveLength(0);
  });

  test('come from all months, databases and pages', async () => {
    services.pageSize = 2;
    services.dump('20251231T020000Z', MONDAY);
    services.dump(DUMP, TUESDAY);
    services.dump(LATER_DUMP, TUESDAY);
    services.dump(DUMP, WEDNESDAY, 'other/database');
    expect((await list()).backups).toHaveLength(4);
    expect((await list({ database: 'other/database' })).backups).toMatchObject([
      { database: 'other/database' },
    ]);
  });

  test('are told from what only looks like one', async () => {
    const { archive } = services.dump(DUMP, MONDAY);
    services.objects.set(archive, { bytes: 0, at: MONDAY });
    const { manifest } = services.dump(LATER_DUMP, MONDAY);
    services.objects.delete(manifest);
    services.objects.set('dumps/notes.txt', { bytes: 5, at: MONDAY });
    services.objects.set('dumps/golive/2026/11/notes.txt', { bytes: 5, at: MONDAY });
    const { backups, rejected } = await list();
    expect(backups).toEqual([]);
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'archive-missing',
      'manifest-missing',
      'foreign-object',
      'foreign-object',
    ]);
    for (const { message } of rejected) expect(message).toContain('; ');
  });

  test('have the size of the archive from before the manifest, not of a later attempt’s', async () => {
    services.dump(DUMP, MONDAY);
    services.objects.set(archiveKey('golive', asBackupId(DUMP)!, 'a2'), { bytes: 7, at: TUESDAY });
    expect((await list()).backups).toMatchObject([{ sizeBytes: 100 }]);
  });

  test('are checked before they are used', async () => {
    const { archive } = services.dump(DUMP, MONDAY);
    const backup = (await list()).backups[0] as DumpBackup;
    const dump = await checkedDump(services.s3, BUCKET, backup);
    expect(dump.manifest.source.dbiResourceId).toBe('db-1');

    services.objects.set(archive, { bytes: 99, at: MONDAY });
    const truncated = (await list()).backups[0] as DumpBackup;
    await expect(checkedDump(services.s3, BUCKET, truncated)).rejects.toThrow(BackupNotFoundError);
    await expect(checkedDump(services.s3, BUCKET, truncated)).rejects.toThrow(/archive-size-differs/);
  });
});

describe('dumps that are checked', () => {
  test('bring their manifest, and so the instance they are of', async () => {
    services.dump(DUMP, MONDAY);
    const { backups } = await list({ depth: 'checked' });
    expect(backups).toMatchObject([
      { checked: true, dbiResourceId: 'db-1', instanceIdentifier: 'shop', sizeBytes: 100 },
    ]);
    expect(await checkedDump(services.s3, BUCKET, backups[0] as DumpBackup)).toMatchObject({
      backupId: DUMP,
    });
  });

  test('do not count when the archive is not what the manifest says', async () => {
    const { archive } = services.dump(DUMP, MONDAY);
    services.objects.set(archive, { bytes: 99, at: MONDAY });
    const { backups, rejected } = await list({ depth: 'checked' });
    expect(backups).toEqual([]);
    expect(rejected).toMatchObject([{ reason: 'archive-size-differs' }]);
  });
});

describe('how far a dump was proven', () => {
  const at = new Date('2026-11-04T05:00:00Z');

  test('is looked up, and kept with its time', async () => {
    services.dump(DUMP, MONDAY);
    services.dump(LATER_DUMP, TUESDAY);
    services.dump('20261104T020000Z', WEDNESDAY);
    const records = {
      [DUMP]: { height: 'restored', isVerified: true, at },
      [LATER_DUMP]: { height: null, isVerified: false, at },
    };
    const { backups } = await list({
      verificationOf: ({ backupId }) => Promise.resolve(records[backupId as keyof typeof records]),
    });
    expect(backups.map(({ verified }) => verified)).toEqual([
      'none',
      'none',
      { height: 'restored', isVerified: true, at },
    ]);
  });

  test('is unknown when nothing looks it up', async () => {
    services.dump(DUMP, MONDAY);
    expect((await list()).backups).toMatchObject([{ verified: 'unknown' }]);
  });

  const IDS = Array.from({ length: 9 }, (_, day) => `2026110${day + 1}T020000Z`);
  function nineDays(verified: string) {
    for (const id of IDS)
      services.dump(id, new Date(id.replace(/(....)(..)(..)T(..).*/, '$1-$2-$3T$4:00:00Z')));
    return jest.fn(({ backupId }: { backupId: string }) =>
      Promise.resolve({ height: 'read', isVerified: backupId === verified, at }),
    );
  }

  test('is looked up for the newest only', async () => {
    const verificationOf = nineDays(IDS[8]!);
    await list({ verificationOf, verificationLimit: 3, concurrency: 1 });
    expect(verificationOf.mock.calls.map(([{ backupId }]) => backupId)).toEqual([IDS[8], IDS[7], IDS[6]]);
  });

  test('is looked up as far back as the newest verified one', async () => {
    const verificationOf = nineDays(IDS[2]!);
    const { backups } = await list({ verificationOf, verificationLimit: 3, concurrency: 1 });
    expect(verificationOf).toHaveBeenCalledTimes(7);
    expect(backups[6]).toMatchObject({ id: IDS[2], verified: { isVerified: true } });
    expect(backups[7]).toMatchObject({ verified: 'unknown' });
  });

  test('is looked up for no more at a time than was said', async () => {
    nineDays('none of them');
    let running = 0;
    let most = 0;
    await list({
      concurrency: 4,
      verificationOf: async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return undefined;
      },
    });
    expect(most).toBe(4);
  });
});
