import { randomUUID } from 'node:crypto';
import { TagResourceCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import {
  planRollback,
  rollBack,
  RollbackRefusedError,
  type OperatedSecret,
  type RollbackRequest,
} from '../../../../core/secrets/operate';
import { FakeSecret, secretOf } from './fake-secret';

const PASSWORD = `planted-${randomUUID()}`;
const login = (change: object = {}) =>
  JSON.stringify({ host: 'db', port: 5432, username: 'golive_app', password: PASSWORD, ...change });

/** Version `old` was current before `new`, and the rotation that made `new` left its label there. */
function rotated(values: Readonly<Record<string, string>> = { new: login(), old: login() }): FakeSecret {
  return new FakeSecret({ AWSCURRENT: 'new', AWSPREVIOUS: 'old', AWSPENDING: 'new' }, values);
}

function requestOf(
  fake: FakeSecret,
  change: Partial<OperatedSecret> = {},
  proveLogin: RollbackRequest['proveLogin'] = () => Promise.resolve('it logs in'),
): RollbackRequest {
  return { secretsManager: fake.client, secret: secretOf(change), proveLogin };
}

const refused = (message: RegExp, code = 'RollbackRefusedError') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

const moves = (fake: FakeSecret) => fake.mock.commandCalls(UpdateSecretVersionStageCommand).length;

describe('a rollback is refused, and nothing is moved,', () => {
  afterEach(() => jest.restoreAllMocks());

  async function refusalOf(
    fake: FakeSecret,
    change: Partial<OperatedSecret> = {},
    prove?: RollbackRequest['proveLogin'],
  ) {
    const error = await planRollback(requestOf(fake, change, prove)).catch((thrown: unknown) => thrown);
    expect(moves(fake)).toBe(0);
    expect(String((error as Error).message)).not.toContain(PASSWORD);
    return error;
  }

  test('while a rotation is pending: it would go on over it', async () => {
    const fake = new FakeSecret({ AWSCURRENT: 'new', AWSPREVIOUS: 'old', AWSPENDING: 'newer' });
    expect(await refusalOf(fake)).toEqual(
      refused(/version newer is not complete.*finish it first: golive secrets rotate app/),
    );
  });

  test('when it was never rotated', async () => {
    expect(await refusalOf(new FakeSecret({ AWSCURRENT: 'new' }))).toEqual(refused(/never rotated/));
  });

  test('when nothing is current', async () => {
    expect(await refusalOf(new FakeSecret({ AWSPREVIOUS: 'old' }))).toEqual(refused(/no current version/));
  });

  test('when it is to be deleted', async () => {
    const fake = rotated();
    fake.more = { DeletedDate: new Date('2026-11-28T00:00:00Z') };
    expect(await refusalOf(fake)).toEqual(refused(/restore-secret/, 'SecretNotRotatableError'));
  });

  test('when the previous login does not prove itself', async () => {
    const prove = () => Promise.reject(new RollbackRefusedError('the server refuses it'));
    expect(await refusalOf(rotated(), {}, prove)).toEqual(refused(/the server refuses it/));
  });

  test.each([[{ host: 'another' }], [{ port: 5433 }]])(
    'when the previous version is of another server: %j',
    async (change) => {
      const prove = jest.fn();
      expect(await refusalOf(rotated({ new: login(), old: login(change) }), {}, prove)).toEqual(
        refused(/so it is no way back/),
      );
      // No password goes to a server that is not the one.
      expect(prove).not.toHaveBeenCalled();
    },
  );

  test('for the cache, of which nobody can tell', async () => {
    expect(await refusalOf(rotated(), { name: 'cache', kind: 'cache-user' })).toEqual(
      refused(/nobody can tell whether the cache still takes/),
    );
  });

  test('for a third party’s value that was never set', async () => {
    const fake = rotated({ new: 'a'.repeat(32), old: 'unset' });
    expect(await refusalOf(fake, { name: 'pagerduty', kind: 'set-by-people' })).toEqual(
      refused(/perhaps never set.*golive secrets set pagerduty/),
    );
  });

  test.each([
    ['a key that signed would be lost', ring('b', ['a']), ring('a', []), /does not hold current key b/],
    [
      'an older key was pruned from it',
      ring('b', ['a', 'z']),
      ring('a', [], 'b'),
      /does not hold previous key z/,
    ],
    [
      'a key of that name is another key',
      ring('b', ['a']),
      ring('a', [], 'b', 'other'),
      /does not hold previous key a/,
    ],
    [
      'it held no keys yet',
      ring('b', []),
      { ringVersion: 0, purpose: 'data', algorithm: 'A256GCM' },
      /no key ring with keys/,
    ],
    ['it is for another purpose', { ...ring('a', []), purpose: 'jwt' }, ring('a', []), /cannot be told/],
    ['what the current one used cannot be told', 'rubbish', ring('a', []), /cannot be told/],
  ])('for a key ring when %s', async (_why, now, before, message) => {
    const fake = rotated({ new: JSON.stringify(now), old: JSON.stringify(before) });
    const error = await refusalOf(fake, { name: 'data', kind: 'key-ring' });
    expect(error).toEqual(refused(message));
    for (const kid of ['a', 'b', 'z']) expect((error as Error).message).not.toContain(bytesOf(kid));
  });
});

describe('a rollback that was checked', () => {
  test('makes the previous version current, and the next rotation starts anew', async () => {
    const fake = rotated();
    const request = requestOf(fake);
    const plan = await planRollback(request);
    expect(plan).toEqual({ from: 'new', to: 'old', proven: 'it logs in' });
    expect(await rollBack(request, plan)).toEqual({ remarks: [] });
    // AWSPENDING is gone: on the previous version it would stand for a rotation that is not complete.
    expect(Object.fromEntries(fake.labels)).toEqual({ AWSCURRENT: 'old', AWSPREVIOUS: 'new' });
  });

  test.each([
    [
      'nothing but a key that nobody has used',
      ring('b', ['a'], 'c'),
      ring('a', [], 'b'),
      /every key that was used is in it, and each of its keys works; c, which was not used, is dropped/,
    ],
    ['no key at all', ring('a', [], 'b'), ring('a', [], 'b'), /each of its keys works$/],
  ])('takes %s from a key ring', async (_what, now, before, proven) => {
    const fake = rotated({ new: JSON.stringify(now), old: JSON.stringify(before) });
    const plan = await planRollback(requestOf(fake, { name: 'data', kind: 'key-ring' }));
    expect(plan.proven).toMatch(proven);
  });

  test.each([
    ['leaves the dates of its keys beside a key ring, for the monitor', () => ({}), []],
    [
      'holds also when it may not leave the dates of its keys, and says so',
      () => {
        throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      },
      [expect.stringMatching(/key-ring-next does not run.*secretsmanager:TagResource/)],
    ],
  ])('%s', async (_what, tag, remarks) => {
    const fake = rotated({
      new: JSON.stringify(ring('b', ['a'], 'c')),
      old: JSON.stringify(ring('a', [], 'b')),
    });
    const tagged = jest.fn(tag);
    fake.answer(TagResourceCommand, tagged);
    const request = requestOf(fake, { name: 'data', kind: 'key-ring' });
    expect(await rollBack(request, await planRollback(request))).toEqual({ remarks });
    expect(fake.labels.get('AWSCURRENT')).toBe('old');
    const at = '2026-11-01T00:00:00.000Z';
    const Value = `version=old current-since=${at} next-since=${at}`;
    expect(tagged).toHaveBeenCalledWith(
      expect.objectContaining({ Tags: [{ Key: 'golive:key-ring', Value }] }),
    );
  });

  test('is refused when somebody rotated between the check and the yes', async () => {
    const fake = rotated();
    const request = requestOf(fake);
    const plan = await planRollback(request);
    fake.move('AWSCURRENT', 'newer');
    await expect(rollBack(request, plan)).rejects.toEqual(
      refused(/nothing was moved/, 'RollbackConflictError'),
    );
    expect(fake.labels.get('AWSCURRENT')).toBe('newer');
  });

  test('is refused when somebody moves the label at the very moment', async () => {
    const fake = rotated();
    const request = requestOf(fake);
    const plan = await planRollback(request);
    // The label moves after the last look, and the condition of the move notices.
    fake.labels.delete('AWSPENDING');
    const looks = fake.looks;
    const current = fake.labels;
    fake.beforeLook.set(looks + 1, () => queueMicrotask(() => current.set('AWSCURRENT', 'newer')));
    await expect(rollBack(request, plan)).rejects.toEqual(
      refused(/nothing was moved/, 'RollbackConflictError'),
    );
    expect(fake.labels.get('AWSCURRENT')).toBe('newer');
  });

  test.each([
    [
      'a rotation began at the same time',
      (fake: FakeSecret) => fake.labels.set('AWSPENDING', 'newest'),
      () => Promise.resolve('it logs in'),
      /rotation to version newest began at the same time.*version new is current again/,
    ],
    [
      'the login does not hold any more',
      () => undefined,
      jest
        .fn<Promise<string>, []>()
        .mockResolvedValueOnce('it logs in')
        .mockRejectedValue(new RollbackRefusedError('the password was changed')),
      /the password was changed.*version new is current again/,
    ],
  ])('is taken back when %s', async (_what, happens, prove, message) => {
    const fake = rotated();
    const request = requestOf(fake, {}, prove);
    const plan = await planRollback(request);
    fake.beforeLook.set(fake.looks + 2, () => happens(fake));
    await expect(rollBack(request, plan)).rejects.toEqual(refused(message, 'RollbackConflictError'));
    expect(fake.labels.get('AWSCURRENT')).toBe('new');
  });

  test('that can neither stay nor be taken back says so, and what to do now', async () => {
    const fake = rotated();
    const prove = jest
      .fn<Promise<string>, []>()
      .mockResolvedValueOnce('it logs in')
      .mockRejectedValue(new Error('gone'));
    const request = requestOf(fake, {}, prove);
    const plan = await planRollback(request);
    fake.beforeLook.set(fake.looks + 2, () => queueMicrotask(() => fake.labels.set('AWSCURRENT', 'newest')));
    await expect(rollBack(request, plan)).rejects.toEqual(
      refused(
        /could not be made current again.*rotate it now: golive secrets rotate app/,
        'RollbackConflictError',
      ),
    );
  });
});

/** A ring whose current key is `current`; the material of a key is its name, again and again. */
function ring(current: string, previous: readonly string[], next?: string, salt = '') {
  const at = '2026-11-01T00:00:00.000Z';
  const key = (kid: string, state: string) => ({
    kid,
    state,
    createdAt: at,
    ...(state !== 'next' && { activatedAt: at }),
    ...(state === 'previous' && { retiredAt: at }),
    material: materialOf(`${salt}${kid}`),
  });
  return {
    ringVersion: 1,
    purpose: 'data',
    algorithm: 'A256GCM',
    keys: [
      ...previous.map((kid) => key(kid, 'previous')),
      key(current, 'current'),
      ...(next === undefined ? [] : [key(next, 'next')]),
    ],
  };
}

function materialOf(seed: string): unknown {
  return { kty: 'oct', k: bytesOf(seed) };
}

function bytesOf(seed: string): string {
  return Buffer.alloc(32, seed).toString('base64url');
}
