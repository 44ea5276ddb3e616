import {
  discardInstance,
  listInstances,
  undoInstance,
  type InstanceSwap,
  type LoginCheck,
} from '../../../../../core/backup/restore/instance';
import { replacedMark, restoredMark } from '../../../../../core/backup/restore/instance/mark';
import { DatabaseConnectionError } from '../../../../../core/postgres/errors';
import { rdsFault } from './fake-rds';
import { LIVE, SNAPSHOT } from './live-instance';
import { Account, PASSWORD } from './setting';

const containing = (text: string): unknown => expect.stringContaining(text);

let account: Account;
beforeEach(() => (account = new Account()));

const arrangement = () => account.rds.arrangement();
const undo = (restoreId: string) => undoInstance({ ...account.place(), login: account.login }, restoreId);

/** The restored one is live, the other kept. */
const swapped = (id: string) => ({ [LIVE]: 'of-the-night', [`${LIVE}-replaced-${id}`]: 'present' });
const back = (id: string) => ({ [LIVE]: 'present', [`${LIVE}-restore-${id}`]: 'of-the-night' });

describe('putting it in place', () => {
  test('gives the live name to the restored instance, keeps the other one protected, and says who is who', async () => {
    const { restoreId } = await account.restore();
    const swap = await account.swap(restoreId);
    expect(arrangement()).toEqual(swapped(restoreId));
    expect(swap).toMatchObject({
      dbiResourceId: 'db-NEW1',
      kept: `${LIVE}-replaced-${restoreId}`,
      safetySnapshot: `${LIVE}-before-${restoreId}-2026112303`,
      login: 'accepted',
    });
    expect(swap.interruptionMilliseconds).toBeGreaterThan(60_000);
    expect(account.rds.machine(swap.kept!).instance.DeletionProtection).toBe(true);
    expect(account.seen.at(-1)).toBe('of-the-night');
    expect(account.rds.snapshots.get(swap.safetySnapshot!)).toMatchObject({
      data: 'present',
      Status: 'available',
    });
  });

  test('snapshots the live one before anything is renamed', async () => {
    const { restoreId } = await account.restore();
    await account.swap(restoreId);
    expect(account.rds.mutations.slice(-5).map((step) => step.replace(restoreId, 'ID'))).toEqual([
      `CreateDBSnapshot ${LIVE}`,
      `AddTagsToResource ${LIVE}`,
      `ModifyDBInstance ${LIVE}`,
      `ModifyDBInstance ${LIVE}-restore-ID`,
      `AddTagsToResource ${LIVE}`,
    ]);
  });

  test('without a safety snapshot takes none', async () => {
    const { restoreId } = await account.restore();
    expect(await account.swap(restoreId, { safetySnapshot: false })).toMatchObject({
      safetySnapshot: undefined,
    });
    expect([...account.rds.snapshots.keys()]).toEqual([SNAPSHOT]);
  });

  test('of a lost instance takes the free name', async () => {
    const { restoreId } = await account.restore();
    account.rds.machines.delete(LIVE);
    expect(await account.swap(restoreId)).toMatchObject({ kept: undefined, safetySnapshot: undefined });
    expect(arrangement()).toEqual({ [LIVE]: 'of-the-night' });
  });

  test('twice is once', async () => {
    const { restoreId } = await account.restore();
    await account.swap(restoreId);
    const renamings = account.rds.mutations.length;
    expect(await account.swap(restoreId)).toMatchObject({ dbiResourceId: 'db-NEW1' });
    expect(account.rds.mutations.length - renamings).toBe(1); // The mark alone.
    expect(arrangement()).toEqual(swapped(restoreId));
  });

  test('is refused for a restore that is not ready, and for one that is not there', async () => {
    account.rds.ignored.add('MultiAZ');
    await account.restore().catch(() => undefined);
    const [half] = await listInstances(account.place());
    await expect(account.swap(half!.restoreId)).rejects.toMatchObject({ code: 'InstanceStateError' });
    await expect(account.swap('deadbeef')).rejects.toMatchObject({
      code: 'InstanceStateError',
      message: containing('--list-instances'),
    });
    expect(account.rds.machine(LIVE).data).toBe('present');
  });

  test.each(['storage-full', 'stopped', 'inaccessible-encryption-credentials'])(
    'is refused while the live one is %s, before anything is changed',
    async (state) => {
      const { restoreId } = await account.restore();
      account.rds.machine(LIVE).instance.DBInstanceStatus = state;
      const before = account.rds.mutations.length;
      await expect(account.swap(restoreId)).rejects.toMatchObject({
        code: 'InstanceRestoreFailedError',
        message: containing(`is ${state}`),
      });
      expect(account.rds.mutations.length).toBe(before);
    },
  );

  test('waits while the live one is busy, though RDS says so only when it is told to do something', async () => {
    const { restoreId } = await account.restore();
    let busy = 3;
    account.rds.refuse = (action, input) =>
      action === 'ModifyDBInstance' && input['NewDBInstanceIdentifier'] && busy-- > 0
        ? rdsFault('InvalidDBInstanceStateFault')
        : undefined;
    await account.swap(restoreId);
    expect(arrangement()).toEqual(swapped(restoreId));
  });

  test('is refused when there is no snapshot left for the safety snapshot', async () => {
    const { restoreId } = await account.restore();
    account.rds.refuse = (action) =>
      action === 'CreateDBSnapshot' ? rdsFault('SnapshotQuotaExceeded') : undefined;
    await expect(account.swap(restoreId)).rejects.toMatchObject({
      code: 'RdsQuotaError',
      message: containing('Manual DB instance snapshots'),
    });
    expect(arrangement()).toEqual(back(restoreId));
  });

  test('is refused, before anything is renamed, when the restored one lets nobody in', async () => {
    const { restoreId, name } = await account.restore();
    account.rds.machine(name).password = 'changed by somebody';
    account.rds.ignored.add('MasterUserPassword');
    await expect(account.swap(restoreId)).rejects.toMatchObject({ code: 'InstanceLoginError' });
    expect(arrangement()).toEqual(back(restoreId));
  });

  test('logs in to one that was restored where nobody could, and sets its password', async () => {
    const { restoreId, name } = await account.restore({ login: undefined });
    expect(account.rds.machine(name).password).not.toBe(PASSWORD);
    expect(await account.swap(restoreId)).toMatchObject({ login: 'accepted' });
  });

  test('is not done when nobody can log in afterwards, and says so; the next run finishes it', async () => {
    const { restoreId } = await account.restore();
    const shut: LoginCheck = {
      ...account.login,
      connect: (endpoint, signal) =>
        endpoint.host === `${LIVE}.rds.test`
          ? Promise.reject(new DatabaseConnectionError('no connection', { retryable: true }))
          : account.login.connect(endpoint, signal),
    };
    await expect(account.swap(restoreId, { login: shut })).rejects.toMatchObject({
      code: 'InstanceLoginError',
    });
    expect(await account.restore()).toMatchObject({ outcome: 'resumed', restoreId, name: LIVE });
    await account.swap(restoreId);
    expect(await listInstances(account.place())).toMatchObject([
      { state: 'in-place', name: LIVE },
      { state: 'replaced' },
    ]);
  });
});

describe('taking it back', () => {
  test('gives the name back, and keeps what was restored', async () => {
    const { restoreId } = await account.restore();
    await account.swap(restoreId);
    const undone = await undo(restoreId);
    expect(undone).toMatchObject({
      dbiResourceId: 'db-LIVE',
      kept: `${LIVE}-restore-${restoreId}`,
      login: 'accepted',
    });
    expect(arrangement()).toEqual(back(restoreId));
    expect(replacedMark(account.rds.machine(LIVE).instance)).toBeUndefined();
    expect(await undo(restoreId)).toBe('already-undone');
  });

  test('may itself be taken back', async () => {
    const { restoreId } = await account.restore();
    await account.swap(restoreId);
    await undo(restoreId);
    await account.swap(restoreId);
    expect(arrangement()).toEqual(swapped(restoreId));
  });

  test('is refused when the restore was never put in place', async () => {
    const { restoreId } = await account.restore();
    await expect(undo(restoreId)).rejects.toMatchObject({ code: 'InstanceStateError' });
  });

  test('goes from the last one backwards', async () => {
    const first = await account.restore();
    await account.swap(first.restoreId);
    const second = await account.restore();
    expect(second.restoreId).not.toBe(first.restoreId);
    await account.swap(second.restoreId);
    await expect(undo(first.restoreId)).rejects.toMatchObject({ code: 'InstanceStateError' });
    await undo(second.restoreId);
    await undo(first.restoreId);
    expect(arrangement()[LIVE]).toBe('present');
  });
});

describe('what restores left', () => {
  test('is listed, and foreign instances are not among it', async () => {
    account.rds.add('golive-prod-restore-by-hand', {}, 'foreign', '');
    const { restoreId, name } = await account.restore();
    expect(await listInstances(account.place())).toMatchObject([
      { restoreId, name, state: 'ready', source: SNAPSHOT, status: 'available' },
    ]);
  });

  test('a copy is deleted with nothing kept', async () => {
    const { restoreId, name } = await account.restore();
    expect(await discardInstance(account.place(), restoreId)).toEqual([{ name, finalSnapshot: undefined }]);
    expect(arrangement()).toEqual({ [LIVE]: 'present' });
  });

  test('what was replaced is deleted with a last snapshot, and the live one is not', async () => {
    const { restoreId } = await account.restore();
    await account.swap(restoreId);
    account.rds.machine(`${LIVE}-replaced-${restoreId}`).data =
      'present, and what was written until the swap';
    const [discarded] = await discardInstance(account.place(), restoreId);
    expect(account.rds.snapshots.get(discarded!.finalSnapshot!)!.data).toContain('until the swap');
    expect(arrangement()).toEqual({ [LIVE]: 'of-the-night' });
    await expect(discardInstance(account.place(), restoreId)).rejects.toMatchObject({
      code: 'InstanceStateError',
    });
    expect(arrangement()).toEqual({ [LIVE]: 'of-the-night' });
  });

  test('is not deleted while nobody is live', async () => {
    const { restoreId } = await account.restore();
    account.rds.machines.delete(LIVE);
    await expect(discardInstance(account.place(), restoreId)).rejects.toMatchObject({
      code: 'InstanceStateError',
    });
    expect(Object.values(arrangement())).toEqual(['of-the-night']);
  });

  test("that bears another instance's mark, or half of one, is left alone", async () => {
    const { restoreId, name } = await account.restore();
    const { instance } = account.rds.machine(name);
    instance.TagList = instance.TagList!.filter(({ Key }) => Key !== 'golive:restore-of');
    await expect(discardInstance(account.place(), restoreId)).rejects.toMatchObject({
      code: 'InstanceStateError',
    });
    expect(restoredMark(instance)).toBeUndefined();
  });
});

/** Runs the work, killed after each of its calls in turn, until it gets through; then the check looks at what is there. */
async function killedEverywhere(
  work: (account: Account) => Promise<unknown>,
  check: (killedAfter: number) => Promise<void>,
  prepare: (account: Account) => Promise<unknown> = () => Promise.resolve(),
): Promise<number> {
  for (let calls = 1; ; calls++) {
    account = new Account();
    await prepare(account);
    account.rds.killAfter(calls);
    await work(account).catch((error: unknown) => {
      if (!account.rds.wasKilled) throw error;
    });
    if (!account.rds.wasKilled) return calls - 1;
    account.rds.revive();
    await check(calls);
  }
}

describe('killed after any single call to RDS', () => {
  const restoreAndSwap = async (on: Account): Promise<InstanceSwap> =>
    on.swap((await on.restore()).restoreId);

  test('a restore with a swap ends, run again, as if nothing had been', async () => {
    const kills = await killedEverywhere(restoreAndSwap, async () => {
      // The last kill is after the last mark, when all is done: then it would rightly restore another time.
      const isDone =
        (await listInstances(account.place())).some(({ state }) => state === 'in-place') &&
        restoredMark(account.rds.machine(LIVE).instance)?.state === 'in-place';
      const { restoreId } = isDone
        ? restoredMark(account.rds.machine(LIVE).instance)!
        : await restoreAndSwap(account);
      expect(arrangement()).toEqual(swapped(restoreId));
      expect(account.rds.mutations.filter((call) => call.startsWith('RestoreDB'))).toHaveLength(1);
    });
    expect(kills).toBeGreaterThan(30);
  });

  test('a restore of the latest with a swap ends so, too', async () => {
    const latest = async (on: Account) =>
      on.swap((await on.restore({ source: { pointInTime: 'latest' } })).restoreId);
    await killedEverywhere(latest, async () => {
      if (restoredMark(account.rds.machines.get(LIVE)?.instance ?? {})?.state === 'in-place') return;
      // Before the swap has begun, another "latest" is a newer one, and the first stays beside it.
      await latest(account);
      const now = arrangement();
      expect(now[LIVE]).toBe('at 2026-11-23T02:55:00.000Z');
      expect(Object.values(now).filter((data) => data === 'present')).toHaveLength(1);
    });
  });

  test('a swap can be taken back', async () => {
    let restoreId = '';
    await killedEverywhere(
      (on) => on.swap(restoreId),
      async () => {
        const begun = account.rds.mutations.includes(`ModifyDBInstance ${LIVE}`);
        const undone = await undo(restoreId).catch((error: { code: string }) => error.code);
        expect([begun, typeof undone]).not.toEqual([true, 'string']);
        expect(arrangement()).toEqual(back(restoreId));
        expect(replacedMark(account.rds.machine(LIVE).instance)).toBeUndefined();
      },
      async (on) => (restoreId = (await on.restore()).restoreId),
    );
  });

  test('taking a swap back ends, run again, as if nothing had been', async () => {
    let restoreId = '';
    await killedEverywhere(
      (on) => undoInstance({ ...on.place(), login: on.login }, restoreId),
      async () => {
        await undo(restoreId);
        expect(arrangement()).toEqual(back(restoreId));
        expect(replacedMark(account.rds.machine(LIVE).instance)).toBeUndefined();
      },
      async (on) => {
        restoreId = (await on.restore()).restoreId;
        await on.swap(restoreId);
      },
    );
  });

  test('a discard ends, run again, with the live one and the last snapshot', async () => {
    let restoreId = '';
    await killedEverywhere(
      (on) => discardInstance(on.place(), restoreId),
      async () => {
        const outcome = await discardInstance(account.place(), restoreId).then(
          () => 'discarded',
          ({ code }: { code: string }) => code,
        );
        // Refused when there is nothing left to delete.
        expect(['discarded', 'InstanceStateError']).toContain(outcome);
        expect(arrangement()).toEqual({ [LIVE]: 'of-the-night' });
        expect(account.rds.snapshots.get(`${LIVE}-final-${restoreId}`)!.data).toBe('present');
      },
      async (on) => {
        restoreId = (await on.restore()).restoreId;
        await on.swap(restoreId);
      },
    );
  });

  test('half-way through a swap, another restore is refused, and says what to finish first', async () => {
    const { restoreId } = await account.restore();
    account.rds.refuse = (action, input) =>
      action === 'ModifyDBInstance' && input['NewDBInstanceIdentifier'] === LIVE
        ? rdsFault('InternalFailure')
        : undefined;
    await expect(account.swap(restoreId)).rejects.toMatchObject({ code: 'RdsRefusedError' });
    account.rds.refuse = () => undefined;
    expect((await listInstances(account.place())).map(({ state }) => state)).toContain('half-swapped');
    await expect(account.restore({ source: { pointInTime: 'latest' } })).rejects.toMatchObject({
      code: 'InstanceStateError',
      message: containing(`golive restore ${restoreId} --swap-instance`),
    });
    await account.swap(restoreId);
    expect(arrangement()).toEqual(swapped(restoreId));
  });
});
