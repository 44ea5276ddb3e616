import { DescribeUsersCommand, ElastiCacheClient, ModifyUserCommand } from '@aws-sdk/client-elasticache';
import { mockClient } from 'aws-sdk-client-mock';
import {
  alternatingUsers,
  DatabaseSecretWithMaster,
  singleUser,
  type RotationStrategy,
} from '../../../core/secrets/rotation';
import { watchHandler } from '../shared/watched-handler';
import { ALL_STEPS, RotatingSecret, runSteps, SECRET_ARN } from './rotating-secret';

// What the strategies do is tested against a real PostgreSQL in test/integration/secrets.
jest.mock('../../../core/secrets/rotation', () => ({
  ...jest.requireActual<object>('../../../core/secrets/rotation'),
  alternatingUsers: jest.fn(),
  singleUser: jest.fn(),
}));

const LOGIN = {
  engine: 'postgres',
  host: 'db.example',
  port: 5432,
  username: 'golive_app',
  password: 'planted-current-password',
  dbname: 'golive',
  masterarn: `${SECRET_ARN}-master`,
};

/** A strategy of which every part can be watched. */
function watched() {
  return {
    schema: DatabaseSecretWithMaster,
    create: jest.fn(({ current }: { current: typeof LOGIN }) =>
      Promise.resolve({ ...current, password: 'planted-pending-password' }),
    ),
    set: jest.fn(() => Promise.resolve()),
    test: jest.fn((_versions: unknown) => Promise.resolve()),
  };
}

const OPTIONS = {
  master: { mode: 'self', caFile: '/ca.pem' },
  app: { ownerRole: 'golive_owner', caFile: '/ca.pem' },
  backup: { mode: 'by-master', username: 'golive_backup', readOnly: true, caFile: '/ca.pem' },
};

describe.each(['master', 'app', 'backup'] as const)('the rotation of %s', (name) => {
  const { printed, metrics } = watchHandler(`secrets-rotate-${name}`, {
    SECRET_ARN,
    OWNER_ROLE: 'golive_owner',
    USERNAME: 'golive_backup',
    DATABASE_CA_FILE: '/ca.pem',
  });
  let alternating: ReturnType<typeof watched>;
  let single: ReturnType<typeof watched>;

  beforeEach(() => {
    alternating = watched();
    single = watched();
    jest.mocked(alternatingUsers).mockReturnValue(alternating as unknown as RotationStrategy<never>);
    jest.mocked(singleUser).mockReturnValue(single as never);
  });

  const own = () => (name === 'app' ? alternating : single);
  const load = async () =>
    (
      (await import(`../../../lambdas/secrets/rotate-${name}/handler`)) as {
        handler: Parameters<typeof runSteps>[0];
      }
    ).handler;

  test('that fails is recorded, fails the invocation, and says no password', async () => {
    new RotatingSecret(LOGIN, { ...LOGIN, password: 'planted-pending-password' });
    own().test.mockRejectedValue(Object.assign(new Error('permission denied'), { code: '42501' }));

    await expect(runSteps(await load(), 'setSecret', 'testSecret')).rejects.toThrow('permission denied');

    expect(printed()).toContain('secret.rotate failed');
    expect(printed()).toContain('"code":"42501"');
    expect(printed()).not.toMatch(/planted-(current|pending)-password/);
    expect(metrics()).toMatchObject({ FunctionFailures: 1 });
  });

  test('asks its strategy for each step and leaves one record at the end', async () => {
    const secret = new RotatingSecret(LOGIN);

    await runSteps(await load(), ...ALL_STEPS);

    expect(own().create).toHaveBeenCalledTimes(1);
    expect(own().set).toHaveBeenCalledTimes(1);
    expect(own().test).toHaveBeenCalledTimes(1);
    expect(secret.valueOf('AWSCURRENT')).toEqual({ ...LOGIN, password: 'planted-pending-password' });
    expect(printed().match(/secret\.rotate succeeded/g)).toHaveLength(1);
    expect(printed()).not.toMatch(/planted-(current|pending)-password/);
    expect(metrics()).toMatchObject({ SecretRotated: 1 });
  });

  test('proves that the current login works when a schedule is tried out', async () => {
    new RotatingSecret(LOGIN, LOGIN);

    await runSteps(await load(), 'testSecret');

    // For two users in turns, a version of the current one is no rotation, but a single user's test fits.
    expect(single.test).toHaveBeenCalledWith({ current: LOGIN, pending: LOGIN, previous: undefined });
    expect(alternating.test).not.toHaveBeenCalled();
    expect(printed()).toContain('the schedule is tried out');
  });

  test('gives its strategy what its environment says', async () => {
    new RotatingSecret(LOGIN);

    await runSteps(await load(), 'createSecret');

    expect(name === 'app' ? alternatingUsers : singleUser).toHaveBeenLastCalledWith(
      expect.objectContaining(OPTIONS[name]),
    );
  });

  test('fails the trial of a schedule whose login does not work', async () => {
    new RotatingSecret(LOGIN, LOGIN);
    single.test.mockRejectedValue(new Error('28P01'));

    await expect(runSteps(await load(), 'testSecret')).rejects.toThrow('28P01');
  });
});

describe("the rotation of the cache's user", () => {
  watchHandler('secrets-rotate-cache', { SECRET_ARN, CACHE_USER_ID: 'golive-prod-app' });
  const CACHE = { username: 'golive', password: 'planted-cache-password' };
  const load = async () => (await import('../../../lambdas/secrets/rotate-cache/handler')).handler;

  function elastiCache(user?: object) {
    const mock = mockClient(ElastiCacheClient);
    mock.on(DescribeUsersCommand).resolves({ Users: user ? [user] : [] });
    mock.on(ModifyUserCommand).resolves({});
    return mock;
  }

  test('of a user that is not there says what to deploy', async () => {
    elastiCache();
    new RotatingSecret(CACHE);

    await expect(runSteps(await load(), 'createSecret', 'setSecret')).rejects.toMatchObject({
      code: 'CacheUserMissingError',
    });
  });

  test('gives the user the new password beside the old one', async () => {
    const mock = elastiCache({
      UserName: 'golive',
      Status: 'active',
      Authentication: { PasswordCount: 2 },
    });
    new RotatingSecret(CACHE);

    await runSteps(await load(), ...ALL_STEPS);

    expect(mock.commandCalls(ModifyUserCommand).map(({ args: [{ input }] }) => input)).toEqual([
      {
        UserId: 'golive-prod-app',
        AuthenticationMode: { Type: 'password', Passwords: ['n'.repeat(64), CACHE.password] },
      },
    ]);
  });

  test('takes one password for enough when a schedule is tried out', async () => {
    elastiCache({ UserName: 'golive', Status: 'active', Authentication: { PasswordCount: 1 } });
    new RotatingSecret(CACHE, CACHE);

    await expect(runSteps(await load(), 'testSecret')).resolves.toMatchObject({ outcome: 'done' });
  });
});
