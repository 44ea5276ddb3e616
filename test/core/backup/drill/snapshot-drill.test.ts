import { S3Client } from '@aws-sdk/client-s3';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { DBInstance } from '@aws-sdk/client-rds';
import type { SnapshotPart } from '../../../../core/backup/drill';
import { drillSnapshot, type SnapshotDrillRequest } from '../../../../core/backup/drill/snapshot-drill';
import { throwAwayName, throwAwayTags } from '../../../../core/backup/drill/throw-away-instance';
import { rdsFault } from '../snapshot/fake-rds';
import { FakeDrillRds, LIVE, OWNER } from './fake-rds';

const DRILL_ID = '20260501T030005Z-4f2a9c01';
const THROW_AWAY = 'golive-prod-drill-20260501t030005z-4f2a9c01';
const LATER_ID = '20260508T030005Z-00000002';

const endpoint = {
  host: 'live.test',
  port: 5432,
  database: 'shop',
  user: 'golive_admin',
  password: 'of the live one',
  caFile: `${__dirname}/fake-rds.ts`,
};

describe('a drill of the newest snapshot', () => {
  let rds: FakeDrillRds;
  const s3 = mockClient(S3Client);

  beforeEach(() => {
    rds = new FakeDrillRds();
    s3.reset();
    s3.on(ListObjectsV2Command).resolves({});
  });

  afterEach(() => rds.mock.restore());

  const drill = (changes: Partial<SnapshotDrillRequest> = {}): Promise<SnapshotPart> =>
    drillSnapshot({
      ...OWNER,
      s3: new S3Client({}),
      bucket: 'vault',
      rds: rds.client,
      database: 'shop',
      drillId: DRILL_ID,
      live: () => Promise.resolve(endpoint),
      clock: rds.clock,
      scrub: (text) => text.replaceAll(endpoint.password, '***'),
      timeoutMinutes: 10,
      ...changes,
    });

  const left = () => [...rds.instances.keys()].filter((name) => name !== 'golive-prod');
  const outcomes = ({ stages }: SnapshotPart) =>
    Object.fromEntries(stages.map(({ name, outcome }) => [name, outcome]));

  test('stands where the live one stands, tagged and unprotected, and is never public', async () => {
    await drill();
    expect(rds.restored).toEqual([
      {
        DBInstanceIdentifier: THROW_AWAY,
        DBSnapshotIdentifier: 'golive-prod-newest',
        DBInstanceClass: 'db.r7g.large',
        DBSubnetGroupName: 'isolated',
        VpcSecurityGroupIds: ['sg-1'],
        DBParameterGroupName: 'tls-only',
        OptionGroupName: 'default:postgres-17',
        CACertificateIdentifier: 'rds-ca-rsa2048-g1',
        Port: 5432,
        MultiAZ: false,
        PubliclyAccessible: false,
        DeletionProtection: false,
        AutoMinorVersionUpgrade: false,
        BackupRetentionPeriod: 0,
        CopyTagsToSnapshot: false,
        Tags: [
          { Key: 'golive:managed-by', Value: 'golive-drill' },
          { Key: 'golive:environment', Value: 'prod' },
          { Key: 'golive:instance-resource-id', Value: 'db-LIVE' },
          { Key: 'golive:drill-id', Value: DRILL_ID },
          { Key: 'golive:expires-at', Value: '2026-05-01T09:00:05.000Z' },
        ],
      },
    ]);
  });

  test('is deleted without a final snapshot and waited for, also when nobody could log in', async () => {
    rds.statesOfDeleted = ['deleting', 'deleting', 'deleting'];
    const part = await drill();
    expect(part).toMatchObject({
      snapshotId: 'golive-prod-newest',
      snapshotAt: '2026-05-01T02:00:00.000Z',
      verdict: 'not-run',
      error: { code: 'ThrowAwayInstanceError' },
      recoverySeconds: null,
    });
    expect(outcomes(part)).toMatchObject({ instance: 'passed', login: 'not-run', removal: 'passed' });
    expect(part.error!.message).toMatch(/lets nobody in yet/);
    expect(rds.deleted).toEqual([
      { DBInstanceIdentifier: THROW_AWAY, SkipFinalSnapshot: true, DeleteAutomatedBackups: true },
    ]);
    expect(left()).toEqual([]);
    expect(JSON.stringify(part)).not.toContain(endpoint.password);
  });

  test('is timed by the clock that RDS is waited for by', async () => {
    const part = await drill();
    // Two looks that found it busy.
    expect(part.stages.find(({ name }) => name === 'instance')!.seconds).toBe(30);
  });

  test('is asked again to go as long as its state does not allow it', async () => {
    rds.busy = 3;
    const part = await drill();
    expect(outcomes(part)).toMatchObject({ removal: 'passed' });
    expect(rds.deleted).toHaveLength(4);
    expect(left()).toEqual([]);
  });

  test.each(['failed', 'incompatible-restore', 'inaccessible-encryption-credentials'])(
    'fails when the instance comes up as %s, and deletes it',
    async (state) => {
      rds.statesOfRestored = ['creating', state];
      const part = await drill();
      expect(part).toMatchObject({ verdict: 'failed', error: { code: 'InstanceBrokenError' } });
      expect(outcomes(part)).toMatchObject({ instance: 'failed', removal: 'passed' });
      expect(left()).toEqual([]);
    },
  );

  test.each(['insufficient-capacity', 'incompatible-network', 'storage-full'])(
    'says not-run when the instance comes up as %s, and deletes it',
    async (state) => {
      rds.statesOfRestored = ['creating', state];
      const part = await drill();
      expect(part).toMatchObject({ verdict: 'not-run', error: { code: 'ThrowAwayInstanceError' } });
      expect(left()).toEqual([]);
    },
  );

  test('says not-run when RDS never gets it up', async () => {
    rds.statesOfRestored = ['creating'];
    const part = await drill();
    expect(part).toMatchObject({ verdict: 'not-run' });
    expect(part.error!.message).toMatch(/is still creating after all the time/);
    expect(left()).toEqual([]);
  });

  test.each([
    ['InsufficientDBInstanceCapacityFault', 'not-run', 'ThrowAwayInstanceError'],
    ['AccessDenied', 'not-run', 'ThrowAwayInstanceError'],
    ['KMSKeyNotAccessibleFault', 'failed', 'InstanceBrokenError'],
  ])('when RDS refuses with %s it is %s', async (name, verdict, code) => {
    rds.restoreError = rdsFault(name);
    const part = await drill();
    expect(part).toMatchObject({ verdict, error: { code } });
    expect(part.error!.message).toContain(`${name}: as RDS says`);
    expect(left()).toEqual([]);
  });

  test('fails when there is no finished snapshot at all', async () => {
    rds.snapshots = rds.snapshots.filter(({ Status }) => Status !== 'available');
    expect(await drill()).toMatchObject({ verdict: 'failed', error: { code: 'NoSnapshotToDrillError' } });
    expect(rds.restored).toEqual([]);
  });

  test('touches nothing when another instance bears the live one’s name', async () => {
    rds.add({ ...LIVE, DbiResourceId: 'db-OTHER' });
    expect(await drill()).toMatchObject({ verdict: 'not-run', error: { code: 'InstanceMismatchError' } });
    expect(rds.restored).toEqual([]);
  });

  test('stopped, it asks for the deletion and does not wait', async () => {
    const controller = new AbortController();
    rds.clock.onSleep = () => controller.abort(new Error('Ctrl-C'));
    rds.statesOfRestored = ['creating'];
    await expect(drill({ signal: controller.signal })).rejects.toThrow('Ctrl-C');
    expect(rds.deleted).toHaveLength(1);
    expect(rds.instances.get(THROW_AWAY)!.states[0]).toBe('deleting');
  });

  test('killed after any of its calls, leaves nothing that the next one does not delete', async () => {
    await drill();
    const { calls } = rds;
    expect(calls).toBeGreaterThan(10);
    let wasLeft = 0;
    for (let call = 1; call < calls; call++) {
      rds.mock.restore();
      rds = new FakeDrillRds();
      rds.killAfter = call;
      void drill();
      await rds.isKilled;
      wasLeft += left().length;

      rds.killAfter = Infinity;
      await rds.clock.sleep(7 * 86_400_000);
      await drill({ drillId: LATER_ID });
      // Only what is being deleted may still be shown.
      const still = left().filter((name) => rds.instances.get(name)!.states[0] !== 'deleting');
      expect({ call, still }).toEqual({ call, still: [] });
    }
    expect(wasLeft).toBeGreaterThan(3);
  });

  describe('deletes first what earlier drills left', () => {
    const EXPIRED = new Date('2026-05-01T02:59:00Z');
    const OLD_ID = '20260424T030005Z-aaaaaaaa';
    const leftBy = (changes: Partial<DBInstance> = {}, expiresAt = EXPIRED, owner = OWNER): DBInstance => ({
      DBInstanceIdentifier: throwAwayName('golive-prod', OLD_ID),
      DbiResourceId: 'db-OLD',
      DeletionProtection: false,
      TagList: throwAwayTags(owner, OLD_ID, expiresAt),
      ...changes,
    });
    const withoutTag = (key: string) => ({
      TagList: leftBy().TagList!.filter(({ Key }) => Key !== key),
    });

    test('once its time is over, and says so', async () => {
      rds.add(leftBy());
      const part = await drill();
      expect(part.remarks[0]).toMatch(/aaaaaaaa, which an earlier drill left, is being deleted/);
      expect(rds.deleted.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toContain(
        'golive-prod-drill-20260424t030005z-aaaaaaaa',
      );
    });

    test.each<[string, DBInstance]>([
      ['whose time is not over', leftBy({}, new Date('2026-05-01T04:00:00Z'))],
      ['of another environment', leftBy({}, EXPIRED, { ...OWNER, environment: 'staging' })],
      ['of another instance', leftBy({}, EXPIRED, { ...OWNER, dbiResourceId: 'db-ELSE' })],
      ['that somebody protected', leftBy({ DeletionProtection: true })],
      ['that somebody renamed', leftBy({ DBInstanceIdentifier: 'golive-rescued' })],
      ['that is the live one', leftBy({ DbiResourceId: 'db-LIVE' })],
      ['without tags', leftBy({ TagList: [] })],
      ['without our mark', leftBy(withoutTag('golive:managed-by'))],
      ['without a drill’s id', leftBy(withoutTag('golive:drill-id'))],
      ['without an expiry', leftBy(withoutTag('golive:expires-at'))],
    ])('but never one %s', async (_, instance) => {
      rds.add(instance);
      await drill();
      expect(rds.deleted.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toEqual([THROW_AWAY]);
    });

    test('and goes on when one cannot be deleted', async () => {
      rds.add(leftBy());
      rds.busy = 1;
      const part = await drill();
      expect(part.remarks[0]).toMatch(/could not be deleted; the next drill tries again/);
      expect(outcomes(part)).toMatchObject({ instance: 'passed' });
    });
  });
});

describe('the name of a throw-away instance', () => {
  test('is one that RDS takes, with the whole id, however long the live one’s is', () => {
    const long = throwAwayName(`${'a'.repeat(30)}-${'b'.repeat(32)}`, DRILL_ID);
    expect(long).toBe(`${'a'.repeat(30)}-drill-20260501t030005z-4f2a9c01`);
    expect(long.length).toBeLessThanOrEqual(63);
    expect(long).toMatch(/^[a-z](-?[a-z0-9])*$/);
  });
});
