import { CreateDBSnapshotCommand, RDSClient } from '@aws-sdk/client-rds';
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  evaluateHealth,
  HealthLimits,
  listDeletedBackups,
  observeBackups,
  putHealth,
  readHealth,
} from '../../../core/backup/health';
import type { ObserveRequest } from '../../../core/backup/health';
import { archiveKey, asBackupId } from '../../../core/backup/vault-layout';
import { passTime } from '../../support/s3-client-hooks';
import { putDump } from './vault-support';
import { startWatchedVaults, type WatchedVaults } from './watched-vault';

const HOUR_MS = 3_600_000;
const IDS = ['20261101T020000Z', '20261102T020000Z', '20261103T020000Z'];
const DRILL = { id: 'drill-1', finishedAt: new Date(), verdict: 'passed', recoverySeconds: 60 } as const;

let vaults: WatchedVaults;
let s3: S3Client;
let bucket: string;
let keys: { archive: string; manifest: string }[];

beforeAll(async () => {
  vaults = await startWatchedVaults();
  await vaults.rds.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'shop-1' }),
  );
});
afterAll(() => vaults?.stop());

beforeEach(async () => {
  ({ s3, bucket } = await vaults.makeVault());
  keys = [];
  for (const id of IDS) keys.push(await putDump({ s3, bucket, id, dbiResourceId: vaults.dbiResourceId }));
});

/** @param hours how long ago everything was stored */
async function look(hours: number, more: Partial<ObserveRequest> = {}) {
  const later = vaults.newClient();
  passTime(later, hours * HOUR_MS);
  const facts = await observeBackups({
    s3: later,
    bucket,
    rds: vaults.rds,
    environment: 'test',
    dbiResourceId: vaults.dbiResourceId,
    policy: { keepDays: 30, keepNewestVerified: 1 },
    expectedEveryHours: 24 * 365,
    readDrill: () => Promise.resolve(DRILL),
    readOffsite: () => Promise.resolve(undefined),
    ...more,
  });
  const report = evaluateHealth(facts, HealthLimits.parse({}));
  const check = (name: string) => report.checks.find((one) => one.name === name)!;
  return { report, check };
}

test('a vault in order is ok on all seven counts', async () => {
  const { report } = await look(2);
  expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(report.status).toBe('ok');
});

test('ages are told by S3’s clock: dumps of 27 hours are a warning, of 51 critical', async () => {
  expect((await look(27)).check('dump-freshness').status).toBe('warning');
  expect((await look(51)).check('dump-freshness').status).toBe('critical');
});

test('a dump that somebody deleted is missing, and can be brought back', async () => {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[1]!.manifest }));
  const { check } = await look(2);
  expect(check('retention')).toMatchObject({
    status: 'critical',
    detail: 'missing: golive/20261102T020000Z',
  });
  const [deleted] = await listDeletedBackups(s3, bucket);
  expect(deleted).toMatchObject({ backupId: '20261102T020000Z', manifestKey: keys[1]!.manifest });
  await s3.send(
    new DeleteObjectCommand({
      Bucket: bucket,
      Key: deleted!.manifestKey,
      VersionId: deleted!.deleteMarkerVersionId,
    }),
  );
  expect((await look(2)).check('retention').status).toBe('ok');
});

test('a dump that retention has rightly pruned is not missing', async () => {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[0]!.manifest }));
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[0]!.archive }));
  expect((await look(31 * 24)).check('retention').status).not.toBe('critical');
});

test('what was due two days ago is overdue, what is due since yesterday is not', async () => {
  const policy = { keepDays: 30, keepNewestVerified: 1 };
  // The floor keeps the newest, and the beginning of the window the one before it.
  expect((await look(31 * 24, { policy })).check('retention').status).toBe('ok');
  expect((await look(33 * 24, { policy })).check('retention')).toMatchObject({
    status: 'warning',
    figure: '0 missing, 2 overdue',
  });
});

test('an archive that went away is critical, and named', async () => {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[2]!.archive }));
  const completeness = (await look(2)).check('completeness');
  expect(completeness.status).toBe('critical');
  expect(completeness.detail).toContain(`${keys[2]!.manifest}: archive-missing`);
});

test('a dump at work is nothing to speak of; what a dead one left is a warning', async () => {
  const key = archiveKey('golive', asBackupId('20261104T020000Z')!, 'dead');
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'half' }));
  expect((await look(0.5)).check('completeness').status).toBe('ok');
  expect((await look(2)).check('completeness').status).toBe('warning');
});

test('what cannot be read is not run, and hides nothing else', async () => {
  const rds = new RDSClient({
    region: 'eu-west-1',
    endpoint: 'http://localhost:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  const { report, check } = await look(2, {
    rds,
    readOffsite: () => Promise.reject(new Error('no way there')),
  });
  expect(check('snapshot-freshness')).toMatchObject({ status: 'not-run' });
  expect(check('snapshot-freshness').detail).toContain('RdsUnreadableError: the manual snapshots');
  expect(check('off-site-copy').detail).toContain('no way there');
  expect(check('restore-drill').status).toBe('ok');
  expect(report.status).toBe('warning');
});

test('the report lies in the vault until the next one', async () => {
  expect(await readHealth(s3, bucket)).toBeUndefined();
  const { report } = await look(2);
  await putHealth(s3, bucket, report);
  expect(await readHealth(s3, bucket)).toEqual(report);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'status/health.json', Body: '{' }));
  expect(await readHealth(s3, bucket)).toBeUndefined();
  await expect(putHealth(s3, 'no-such-vault', report)).rejects.toMatchObject({ code: 'HealthObjectError' });
});
