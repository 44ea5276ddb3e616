import { RDSClient } from '@aws-sdk/client-rds';
import { ListObjectsV2Command, PutObjectLegalHoldCommand, type S3Client } from '@aws-sdk/client-s3';
import { LeaseHeldError, withLease } from '../../../core/backup/lease';
import {
  requireComplete,
  RetentionIncompleteError,
  runRetention,
  type RetentionRequest,
} from '../../../core/backup/retention';
import { archiveKey, asBackupId } from '../../../core/backup/vault-layout';
import { failOn, passTime } from '../../support/s3-client-hooks';
import { putDump } from './vault-support';
import { startWatchedVaults, type WatchedVaults } from './watched-vault';

const DAY_MS = 86_400_000;
const IDS = [1, 2, 3, 4, 5, 6].map((day) => `202611${String(day).padStart(2, '0')}T020000Z`);
/** As if the schedule were so slow that the newest dump is in time. */
const NEVER_LATE = 24 * 365;

let vaults: WatchedVaults;
let s3: S3Client;
let bucket: string;

beforeAll(async () => {
  vaults = await startWatchedVaults();
});
afterAll(() => vaults?.stop());

beforeEach(async () => {
  ({ s3, bucket } = await vaults.makeVault());
  for (const id of IDS) await putDump({ s3, bucket, id, dbiResourceId: vaults.dbiResourceId });
});

/** Of a vault that was filled 40 days ago. */
const run = (more: Partial<RetentionRequest> = {}) => {
  const later = vaults.newClient();
  passTime(later, 40 * DAY_MS);
  return runRetention({
    s3: later,
    bucket,
    rds: vaults.rds,
    policy: { keepDays: 30, keepNewestVerified: 3 },
    expectedEveryHours: NEVER_LATE,
    holder: 'a test',
    log: { warn: () => undefined },
    ...more,
  });
};

const manifests = async () => {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'dumps/' }));
  return Contents.map(({ Key = '' }) => Key)
    .filter((key) => key.endsWith('manifest.json'))
    .map((key) => key.split('/').at(-2));
};

test('prunes what no rule keeps, and a second run finds nothing more to do', async () => {
  const report = await run();
  expect(report.survey.lastRun).toBe('succeeded');
  expect(report.pruned).toMatchObject({ complete: true, dryRun: false });
  expect(await manifests()).toEqual(IDS.slice(3));
  expect(() => requireComplete(report)).not.toThrow();
  expect((await run()).survey.plan.prune).toEqual([]);
  expect(await manifests()).toEqual(IDS.slice(3));
});

test('a dry run says the same and touches nothing, not even a lease', async () => {
  const report = await run({ dryRun: true });
  expect(report.survey.plan.prune.map(({ backup }) => backup.id).sort()).toEqual(IDS.slice(0, 3));
  expect(await manifests()).toEqual(IDS);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'leases/' }));
  expect(KeyCount).toBe(0);
});

test('prunes nothing while dumps are late: what is there may be all that there will be', async () => {
  const report = await run({ expectedEveryHours: 26 });
  expect(report.survey.lastRun).toBe('failed');
  expect(report.survey.plan.prune).toEqual([]);
  expect(await manifests()).toEqual(IDS);
});

test('keeps what is under legal hold, and the plan says so', async () => {
  const key = archiveKey('golive', asBackupId(IDS[0]!)!, 'a1');
  await s3.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, LegalHold: { Status: 'ON' } }));
  const report = await run();
  const held = report.survey.plan.keep.find(({ backup }) => backup.id === IDS[0]);
  expect(held?.reasons.map(({ rule }) => rule)).toContain('legal-hold');
  expect(await manifests()).toEqual([IDS[0], ...IDS.slice(3)]);
});

test('keeps the last dump of an instance that is gone', async () => {
  await putDump({ s3, bucket, id: '20261001T020000Z', dbiResourceId: 'db-GONE', database: 'old' });
  const report = await run({ policy: { keepDays: 0, keepNewestVerified: 1 } });
  const last = report.survey.plan.keep.find(({ backup }) => backup.dbiResourceId === 'db-GONE');
  expect(last?.reasons.map(({ rule }) => rule)).toContain('last-of-deleted-instance');
});

test('two at once: the second is told who is at work', async () => {
  // By S3's true clock, for a lease is as old as its object.
  await withLease({ s3, bucket, name: 'retention', holder: 'the first' }, async () => {
    await expect(run({ s3 })).rejects.toThrow(LeaseHeldError);
    await expect(run({ s3 })).rejects.toThrow(/the first/);
  });
  expect(await manifests()).toEqual(IDS);
});

test('prunes nothing when RDS does not tell which instances live', async () => {
  const rds = new RDSClient({
    region: 'eu-west-1',
    endpoint: 'http://localhost:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  await expect(run({ rds })).rejects.toMatchObject({ code: 'RdsUnreadableError' });
  expect(await manifests()).toEqual(IDS);
});

test('what S3 refuses to delete is an error that names it', async () => {
  const later = vaults.newClient();
  passTime(later, 40 * DAY_MS);
  failOn(later, (command) =>
    command === 'DeleteObjectCommand' ? { code: 'AccessDenied', status: 403 } : undefined,
  );
  const report = await run({ s3: later });
  expect(await manifests()).toEqual(IDS);
  expect(() => requireComplete(report)).toThrow(RetentionIncompleteError);
  expect(() => requireComplete(report)).toThrow(/AccessDenied.*allow the role/);
});
