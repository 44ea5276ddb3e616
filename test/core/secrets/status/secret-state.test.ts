import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
  type DescribeSecretResponse,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { readSecretState, ringDatesTag } from '../../../../core/secrets/status';
import { arnOf, daysAgo } from './fixtures';

const mock = mockClient(SecretsManagerClient);
const client = new SecretsManagerClient({});

beforeEach(() => mock.reset());

const version = (id: string, days: number, ...stages: string[]): SecretVersionsListEntry => ({
  VersionId: id,
  CreatedDate: daysAgo(days),
  VersionStages: stages,
});

async function read(
  described: Partial<DescribeSecretResponse>,
  versions: readonly SecretVersionsListEntry[],
  kind: Parameters<typeof readSecretState>[1]['kind'] = 'alternating-user',
) {
  mock.on(DescribeSecretCommand).resolves({ CreatedDate: daysAgo(100), ...described });
  mock.on(ListSecretVersionIdsCommand).resolves({ Versions: [...versions] });
  return readSecretState(client, { name: 'app', arn: arnOf('app'), kind });
}

const ROTATED = [version('v2', 10, 'AWSCURRENT'), version('v1', 40, 'AWSPREVIOUS')];

test.each([
  ['AccessDeniedException', 'allow secretsmanager:DescribeSecret', false],
  ['ResourceNotFoundException', 'restore it', false],
  ['InternalServiceError', 'try again', true],
])('%s is said with what to do', async (name, advice, retryable) => {
  mock.on(DescribeSecretCommand).rejects(Object.assign(new Error('no'), { name }));
  await expect(
    readSecretState(client, { name: 'app', arn: arnOf('app'), kind: 'single-user' }),
  ).rejects.toMatchObject({
    code: 'SecretUnreadableError',
    message: expect.stringContaining(advice) as string,
    retryable,
  });
});

test('the current version is found on the last of several pages', async () => {
  const old = Array.from({ length: 130 }, (_, index) => version(`old-${index}`, 50));
  mock.on(DescribeSecretCommand).resolves({ CreatedDate: daysAgo(100) });
  mock
    .on(ListSecretVersionIdsCommand)
    .resolvesOnce({ Versions: old.slice(0, 100), NextToken: 'more' })
    .resolvesOnce({ Versions: [...old.slice(100), ...ROTATED] });
  const state = await readSecretState(client, { name: 'app', arn: arnOf('app'), kind: 'single-user' });
  expect(state.current).toEqual({ versionId: 'v2', createdAt: daysAgo(10) });
  expect(mock.commandCalls(ListSecretVersionIdsCommand)).toHaveLength(2);
});

test('the value is never asked for', async () => {
  await read({}, ROTATED);
  expect(mock.commandCalls(GetSecretValueCommand)).toHaveLength(0);
});

describe('a pending version', () => {
  test('that is current already is the end of a rotation, and not stuck', async () => {
    const state = await read({}, [version('v2', 10, 'AWSCURRENT', 'AWSPENDING')]);
    expect(state.pending).toBeUndefined();
  });

  test('is pending since it was made', async () => {
    const state = await read({}, [...ROTATED, version('v3', 0.5, 'AWSPENDING')]);
    expect(state.pending).toEqual({ versionId: 'v3', since: daysAgo(0.5) });
  });

  test('without a value, which the list leaves out, is pending since the last change at least', async () => {
    const state = await read(
      { VersionIdsToStages: { v2: ['AWSCURRENT'], v3: ['AWSPENDING'] }, LastChangedDate: daysAgo(0.25) },
      ROTATED,
    );
    expect(state.pending).toEqual({ versionId: 'v3', since: daysAgo(0.25) });
  });
});

describe('when the label moved', () => {
  test('by a rotation: between the making of the version and the end of the rotation', async () => {
    const state = await read({ LastRotatedDate: daysAgo(9.9) }, ROTATED);
    expect(state.labelMoved).toEqual({ notBefore: daysAgo(10), notAfter: daysAgo(9.9), isRollback: false });
  });

  test('by hand: when the version was made, whatever rotation was before', async () => {
    const state = await read({ LastRotatedDate: daysAgo(30), LastChangedDate: daysAgo(1) }, ROTATED);
    expect(state.labelMoved).toEqual({ notBefore: daysAgo(10), notAfter: daysAgo(10), isRollback: false });
  });

  test('back to an older version: after the newer was made, and not after the last change', async () => {
    const state = await read({ LastChangedDate: daysAgo(1) }, [
      version('v1', 40, 'AWSCURRENT'),
      version('v2', 10, 'AWSPREVIOUS'),
    ]);
    expect(state.labelMoved).toEqual({ notBefore: daysAgo(10), notAfter: daysAgo(1), isRollback: true });
  });

  test('a secret without a value has no current version and no move', async () => {
    expect(await read({}, [])).toMatchObject({ current: undefined, labelMoved: undefined });
  });
});

describe('a value that people set', () => {
  const created = version('v1', 100, 'AWSCURRENT');

  test('is unset while it is what the secret was created with, or nothing', async () => {
    expect((await read({}, [created], 'set-by-people')).isUnset).toBe(true);
    expect((await read({}, [], 'set-by-people')).isUnset).toBe(true);
  });

  test('is set once there is another version', async () => {
    const state = await read(
      {},
      [version('v2', 99.9, 'AWSCURRENT'), { ...created, VersionStages: ['AWSPREVIOUS'] }],
      'set-by-people',
    );
    expect(state.isUnset).toBe(false);
  });

  test('a generated secret is not unset by being young', async () => {
    expect((await read({}, [created])).isUnset).toBe(false);
  });
});

describe('the dates of a key ring', () => {
  const dates = { versionId: 'v2', currentSince: daysAgo(10), nextSince: daysAgo(10) };

  test('are those that its rotation left', async () => {
    expect((await read({ Tags: [ringDatesTag(dates)] }, ROTATED, 'key-ring')).ring).toEqual(dates);
  });

  test('are none when they belong to another version', async () => {
    const tag = ringDatesTag({ ...dates, versionId: 'v1' });
    expect((await read({ Tags: [tag] }, ROTATED, 'key-ring')).ring).toBeUndefined();
  });
});
