import * as crypto from 'node:crypto';
import { Cache } from '../../../services/gateway/src/cache/cache';
import { ProblemError } from '../../../services/gateway/src/http/problem';
import { SignIn } from '../../../services/gateway/src/sessions/sign-in';
import { hashPassword, isOutdated, verifyPassword } from '../../../services/gateway/src/users/password';
import { PasswordWork } from '../../../services/gateway/src/users/password-work';
import { saveUser, UserRefusedError } from '../../../services/gateway/src/users/save-user';
import { MemoryCache, prismaDouble } from './support/doubles';

const CHEAP = { logN: 4, r: 8, p: 1 };
const DEARER = { logN: 5, r: 8, p: 1 };

describe('a password', () => {
  test('is kept as a hash that says how it was made, and each time another', async () => {
    const [one, other] = [await hashPassword('secret', CHEAP), await hashPassword('secret', CHEAP)];
    expect(one).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(other).not.toBe(one);
    expect(await verifyPassword('secret', one)).toBe(true);
    expect(await verifyPassword('Secret', one)).toBe(false);
  });

  test('is the same however the keyboard puts it together', async () => {
    expect(await verifyPassword('cafe\u0301', await hashPassword('caf\u00e9', CHEAP))).toBe(true);
  });

  test.each(['', 'plain', '$scrypt$ln=4,r=8,p=1$$', '$2b$10$abc', '$scrypt$ln=99,r=8,p=1$AAAA'])(
    'is not %j',
    async (stored) => {
      expect(await verifyPassword('secret', stored)).toBe(false);
    },
  );

  test('of another cost than now is outdated', async () => {
    const hash = await hashPassword('secret', CHEAP);
    expect([isOutdated(hash, CHEAP), isOutdated(hash, DEARER), isOutdated('plain', CHEAP)]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('signing in', () => {
  const address = '192.0.2.1';
  const open = async (cost = CHEAP) => {
    const passwordHash = await hashPassword('right', CHEAP);
    const changes: unknown[] = [];
    const database = prismaDouble({
      user: {
        findUnique: ({ where }: { where: { email: string } }) =>
          Promise.resolve(
            where.email === 'ada@example.com'
              ? { id: '1', email: where.email, name: 'Ada', passwordHash }
              : null,
          ),
        updateMany: (change: unknown) => Promise.resolve(changes.push(change)),
      },
    });
    return {
      signIn: new SignIn({ database, cache: new Cache(new MemoryCache().commands), cost }),
      changes,
      passwordHash,
    };
  };
  const ignore = (): void => undefined;

  test('takes the same work for an account that there is not', async () => {
    const { signIn } = await open();
    const scrypt = jest.spyOn(crypto, 'scrypt');
    try {
      // The hash of nobody is made once.
      await expect(
        signIn.check({ email: 'x@example.com', password: 'a', address }, ignore),
      ).rejects.toThrow();
      const work = async (email: string) => {
        scrypt.mockClear();
        const refused = await signIn
          .check({ email, password: 'wrong', address }, ignore)
          .catch((error: unknown) => error);
        expect(refused).toMatchObject({ kind: 'wrong-credentials' });
        return {
          refused: (refused as Error).message,
          work: scrypt.mock.calls.map(([, , length, { N, r, p }]) => ({ length, N, r, p })),
        };
      };
      expect(await work('x@example.com')).toEqual(await work('ada@example.com'));
    } finally {
      scrypt.mockRestore();
    }
  });

  test('renews a hash of before, and only if it is still that one', async () => {
    const same = await open();
    await same.signIn.check({ email: 'ada@example.com', password: 'right', address }, ignore);
    expect(same.changes).toEqual([]);
    const { signIn, changes, passwordHash } = await open(DEARER);
    await signIn.check({ email: 'ada@example.com', password: 'right', address }, ignore);
    expect(changes).toEqual([
      {
        where: { id: '1', passwordHash },
        data: { passwordHash: expect.stringMatching(/^\$scrypt\$ln=5,/) as string },
      },
    ]);
  });
});

describe('the work on passwords', () => {
  test('is done two at a time; whom it would keep waiting for long it refuses', async () => {
    const work = new PasswordWork();
    const ends: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const one = () =>
      work.run(async () => {
        most = Math.max(most, (running += 1));
        await new Promise<void>((end) => ends.push(end));
        running -= 1;
      });
    const all = Array.from({ length: 34 }, one);
    await expect(one()).rejects.toThrow(ProblemError);
    for (let ended = 0; ended < 34; ended += 1) {
      ends.shift()!();
      await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(most).toBe(2);
    await expect(work.run(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
    expect(await work.run(() => Promise.resolve('free again'))).toBe('free again');
  });
});

test.each([
  ['no address', { email: 'ada', name: 'Ada', password: 'long enough it is' }],
  ['an address with a space', { email: 'a da@example.com', name: 'Ada', password: 'long enough it is' }],
  ['no name', { email: 'ada@example.com', name: ' ', password: 'long enough it is' }],
  ['a short password', { email: 'ada@example.com', name: 'Ada', password: 'short' }],
  ['an endless password', { email: 'ada@example.com', name: 'Ada', password: 'x'.repeat(201) }],
])('nobody is made a user with %s', async (_, user) => {
  const refused = await saveUser({} as never, user).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UserRefusedError);
  expect((refused as Error).message).not.toContain(user.password);
});
