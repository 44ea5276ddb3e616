import {
  DescribeUsersCommand,
  ElastiCacheClient,
  ModifyUserCommand,
  type ModifyUserCommandInput,
} from '@aws-sdk/client-elasticache';
import { LocalCacheUsers, type CacheServer } from '../../local/cache-users';
import { PROVIDERS } from '../../local/cloudformation/providers';
import type { PlatformParts, ResourceRequest } from '../../local/cloudformation/provider';
import { openFrontDoor, type FrontDoor } from '../../local/front-door';
import { until } from '../support/processes';

const USER = {
  userId: 'golive-local-app',
  userName: 'golive',
  engine: 'valkey',
  accessString: 'on ~* &* +@all <&>',
};
const [first, second, third] = ['first', 'second', 'third'].map(
  (word) => `${word} & <strange> + password`,
) as [string, string, string];

/** ElastiCache's own client, at the door that functions and people come to. */
describe('the cache’s users on this machine', () => {
  let time: number;
  let users: LocalCacheUsers;
  let door: FrontDoor;
  let client: ElastiCacheClient;

  beforeEach(async () => {
    time = 0;
    users = new LocalCacheUsers({ changeMilliseconds: 1000, now: () => time });
    users.create(USER, [first]);
    door = await openFrontDoor({
      // Nobody is there: what is passed on fails.
      emulator: 'http://localhost:1',
      cacheUsers: users,
      rotate: () => undefined,
      onFailure: () => undefined,
    });
    client = new ElastiCacheClient({
      endpoint: door.endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });

  afterEach(async () => {
    client.destroy();
    await door.close();
  });

  const modify = (change: Omit<ModifyUserCommandInput, 'UserId'>, UserId: string = USER.userId) =>
    client.send(new ModifyUserCommand({ UserId, ...change }));
  const setPasswords = (...Passwords: string[]) =>
    modify({ AuthenticationMode: { Type: 'password', Passwords } });
  const described = async () =>
    (await client.send(new DescribeUsersCommand({ UserId: USER.userId }))).Users![0]!;
  const accepted = () => [first, second, third].map((password) => users.accepts(USER.userName, password));

  test.each([
    ['a third password', [first, second, third], /^A user has one or 2 passwords, and not 3/],
    ['one of 15 characters', ['x'.repeat(15)], /between 16-128/],
    ['one of 129 characters', [second, 'x'.repeat(129)], /between 16-128/],
  ])('%s is refused, and nothing changes', async (_, passwords, message) => {
    await expect(setPasswords(...passwords)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(message) as string,
    });
    expect(await described()).toMatchObject({ Status: 'active', Authentication: { PasswordCount: 1 } });
    expect(accepted()).toEqual([true, false, false]);
  });

  test.each([16, 128])('one of %i characters is taken', async (length) => {
    await setPasswords('x'.repeat(length));
    time += 1000;
    expect(users.accepts(USER.userName, 'x'.repeat(length))).toBe(true);
  });

  test('a user that is not there is refused, asked for and changed', async () => {
    const notFound = { name: 'UserNotFoundFault', $metadata: { httpStatusCode: 404 } };
    await expect(client.send(new DescribeUsersCommand({ UserId: 'nobody' }))).rejects.toMatchObject(notFound);
    await expect(modify({ Passwords: [second] }, 'nobody')).rejects.toMatchObject(notFound);
  });

  test('a change takes its time: the old password is accepted, the new one is not, and another change is refused', async () => {
    expect(await setPasswords(second, first)).toMatchObject({ UserId: USER.userId, Status: 'modifying' });
    time += 999;
    expect(await described()).toMatchObject({ Status: 'modifying' });
    expect(accepted()).toEqual([true, false, false]);
    await expect(setPasswords(second, first)).rejects.toMatchObject({
      name: 'InvalidUserStateFault',
      message: `User ${USER.userId} has status modifying. Only active users can be modified.`,
    });
    time += 1;
    expect(accepted()).toEqual([true, true, false]);
    expect(await described()).toEqual({
      UserId: USER.userId,
      UserName: 'golive',
      Engine: 'valkey',
      AccessString: USER.accessString,
      Status: 'active',
      Authentication: { Type: 'password', PasswordCount: 2 },
    });
  });

  test('new passwords take the place of all old ones, whichever way they are given', async () => {
    await modify({ Passwords: [second, third] });
    time += 1000;
    expect(accepted()).toEqual([false, true, true]);
    expect(users.accepts('somebody', second)).toBe(false);
    expect(users.accepts(USER.userId, second)).toBe(false);
  });

  test('the same password twice is one', async () => {
    await setPasswords(second, second);
    expect(await described()).toMatchObject({ Authentication: { PasswordCount: 1 } });
  });

  test.each<[string, Omit<ModifyUserCommandInput, 'UserId'>, string]>([
    ['no password', {}, 'InvalidParameterCombinationException'],
    [
      'passwords given twice',
      { Passwords: [second], AuthenticationMode: { Type: 'password', Passwords: [third] } },
      'InvalidParameterCombinationException',
    ],
    ['other rights', { Passwords: [second], AccessString: 'on ~* +@all' }, 'NotPlayedHere'],
    ['another kind of login', { AuthenticationMode: { Type: 'iam' } }, 'NotPlayedHere'],
  ])('%s: refused, and not taken for done', async (_, change, name) => {
    await expect(modify(change)).rejects.toMatchObject({ name });
    expect(await described()).toMatchObject({ Status: 'active' });
  });

  test('what else is asked of ElastiCache is refused; what is asked of others is passed on', async () => {
    const ask = (service: string) =>
      fetch(door.endpoint, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=k/20261128/r/${service}/aws4_request, Signature=0`,
        },
        body: 'Action=DeleteUser&Version=2015-02-02&UserId=golive-local-app',
      });
    const refused = await ask('elasticache');
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('does not play DeleteUser of ElastiCache');
    await expect(ask('rds')).rejects.toThrow('fetch failed');
  });

  test('what it keeps holds no password', async () => {
    await setPasswords(second, first);
    const kept = JSON.stringify(
      [...(users as unknown as { users: Map<string, object> }).users.values()],
      (_, value: unknown) => (value instanceof Set ? [...value] : value),
    );
    expect(kept).toMatch(/"accepted":\["[0-9a-f]{64}"\]/);
    for (const word of ['first', 'second']) expect(kept).not.toContain(word);
  });

  describe('on a server', () => {
    let told: [name: string, accessString: string, passwords: number][];
    let over: () => void;
    let failures: unknown[];
    let server: CacheServer;
    const password = (number: number) => `password number ${number} of them`;
    beforeEach(() => {
      told = [];
      failures = [];
      server = {
        setUserHashes: (name, accessString, hashes) => {
          told.push([name, accessString, hashes.length]);
          return Promise.resolve();
        },
      };
      users = new LocalCacheUsers({
        wait: () => new Promise<void>((resolve) => (over = resolve)),
        onFailure: (error) => failures.push(error),
      });
      users.create(USER, [password(1)]);
      users.create({ ...USER, userId: 'another', userName: 'another' }, [password(1)]);
      users.createGroup('group', [USER.userId]);
    });

    test('a group of nobody who is there is refused, and so is a server of no group', async () => {
      expect(() => users.createGroup('others', ['nobody'])).toThrow('User nobody not found.');
      expect(() => users.createGroup('group', [])).toThrow('already exists');
      await expect(users.serve(['no-group'], server)).rejects.toThrow('User group no-group not found.');
    });

    test('it has the users of its groups, and no others', async () => {
      await users.serve(['group'], server);
      expect(told).toEqual([['golive', USER.accessString, 1]]);
    });

    test('it is told of a change when the change is over, and until then the user is being modified', async () => {
      await users.serve(['group'], server);
      users.setPasswords(USER.userId, [password(2), password(1)]);
      expect([told.length, users.describe(USER.userId)[0]!.status]).toEqual([1, 'modifying']);
      over();
      await until(() => users.describe(USER.userId)[0]!.status === 'active');
      expect(told).toEqual([
        ['golive', USER.accessString, 1],
        ['golive', USER.accessString, 2],
      ]);
    });

    test('a change that it does not take leaves the user as it was, being modified', async () => {
      await users.serve(['group'], server);
      server.setUserHashes = () => Promise.reject(new Error('gone'));
      users.setPasswords(USER.userId, [password(2)]);
      over();
      await until(() => failures.length === 1);
      expect(users.describe(USER.userId)[0]!.status).toBe('modifying');
      expect(users.accepts('golive', password(2))).toBe(false);
    });

    test('once they are closed it is told of nothing more', async () => {
      await users.serve(['group'], server);
      users.setPasswords(USER.userId, [password(2)]);
      users.close();
      over();
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).toHaveLength(1);
    });
  });

  describe('as the template has one', () => {
    const properties = {
      UserId: 'golive-test-app',
      UserName: 'template',
      Engine: 'valkey',
      AccessString: 'on ~* +@all',
      AuthenticationMode: { Type: 'password', Passwords: [second] },
      Tags: [],
    };
    const deploy = async (change: object = {}) =>
      await PROVIDERS['AWS::ElastiCache::User']!.make(
        {
          path: 'local/Database/Cache/User',
          type: 'AWS::ElastiCache::User',
          properties: { ...properties, ...change },
        } as unknown as ResourceRequest,
        { cacheUsers: users } as PlatformParts,
      );

    test('it is refused with what ElastiCache refuses, and with what is not known here', async () => {
      const tooShort = { AuthenticationMode: { Type: 'password', Passwords: ['short'] } };
      await expect(deploy(tooShort)).rejects.toThrow(/between 16-128/);
      await expect(deploy({ UserId: USER.userId })).rejects.toThrow(/already exists/);
      await expect(deploy({ NoPasswordRequired: true })).rejects.toThrow(/does not know NoPasswordRequired/);
    });

    test('it is active at once, with its password', async () => {
      expect(await deploy()).toMatchObject({ ref: 'golive-test-app' });
      expect(users.describe('golive-test-app')).toMatchObject([{ status: 'active', passwordCount: 1 }]);
      expect([first, second].map((password) => users.accepts('template', password))).toEqual([false, true]);
    });
  });
});
