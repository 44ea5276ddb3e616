import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import {
  findSecret,
  readStages,
  readVersion,
  setSecretValue,
  summariseRing,
  thirdPartyValue,
  type OperatedSecret,
} from '../../../../core/secrets/operate';
import { FakeSecret, secretOf } from './fake-secret';

const DSN = 'https://0123456789abcdef0123456789abcdef@o123.ingest.de.sentry.io/456';
const SLACK = '{"workspaceId":"T0123ABCD","channelId":"C0123ABCD"}';

function byPeople(name: OperatedSecret['name']): OperatedSecret {
  return secretOf({ name, kind: 'set-by-people', functionLabel: undefined });
}

test.each<[OperatedSecret['name'], string]>([
  ['sentry-dsn', ''],
  ['sentry-dsn', 'sentry'],
  ['sentry-dsn', DSN.replace('https', 'http')],
  ['sentry-dsn', DSN.replace('@', ':planted@')],
  ['sentry-dsn', DSN.replace('/456', '')],
  ['sentry-dsn', `${DSN}?planted=1`],
  ['sentry-dsn', `${DSN}\n${DSN}`],
  ['pagerduty', 'planted-too-short'],
  ['pagerduty', `${'p'.repeat(31)}\u0000`],
  ['pagerduty', 'p'.repeat(33)],
  ['slack', 'C0123ABCD'],
  ['slack', SLACK.replace('T0', 'X0')],
  ['slack', SLACK.replace('}', ',"token":"planted"}')],
  ['slack', '{"__proto__":{"workspaceId":"T0123ABCD","channelId":"C0123ABCD"}}'],
])('%s refuses %j, says what it wants, and never repeats it', async (name, given) => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  const error = (await setSecretValue(fake.client, byPeople(name), given).catch(
    (thrown: unknown) => thrown,
  )) as Error;
  expect(error).toMatchObject({ code: 'SecretValueRefusedError' });
  expect(error.message).toMatch(/characters\) is not .*; copy it again from /);
  expect(error.message).not.toMatch(/planted/);
  expect(fake.mock.calls()).toHaveLength(0);
});

test.each<[OperatedSecret['name'], string]>([
  ['sentry-dsn', DSN],
  ['sentry-dsn', DSN.replace('/456', '/prefix/456')],
  ['pagerduty', 'R0123456789abcdefghijklmnopqrstu'],
  ['slack', SLACK],
])('%s takes %j, without the line’s end that an editor adds', async (name, given) => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  const version = await setSecretValue(fake.client, byPeople(name), `${given}\n`);
  expect(fake.values.get(version)).toBe(given);
  expect(fake.labels.get('AWSPREVIOUS')).toBe('v1');
});

test('what a function makes is not set by hand', () => {
  expect(() => thirdPartyValue(secretOf())).toThrow(/golive secrets rotate app makes a new one/);
});

test('a secret that is to be deleted takes no value', async () => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  fake.more = { DeletedDate: new Date('2026-11-28T00:00:00Z') };
  await expect(setSecretValue(fake.client, byPeople('sentry-dsn'), DSN)).rejects.toThrow(/restore-secret/);
  expect(fake.mock.commandCalls(PutSecretValueCommand)).toHaveLength(0);
});

test.each(['', 'App', 'app\u001b[2J', '__proto__', 'constructor', '../app', 'x'.repeat(10_000)])(
  'a secret that is not there is named so that a terminal can bear it: %j',
  (name) => {
    let said = '';
    try {
      findSecret([secretOf(), secretOf({ name: 'jwt' })], name);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(/no secret of this environment is called ".*"; there are: app, jwt$/);
    // eslint-disable-next-line no-control-regex -- it is what must not be there
    expect(said).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(said.length).toBeLessThan(200);
  },
);

test('a secret that is not there, or that may not be looked at, is told of with what to do', async () => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  await expect(readVersion(fake.client, secretOf(), 'v1')).rejects.toThrow(
    /is not in this account and region/,
  );
  fake.mock.on(GetSecretValueCommand).resolves({ SecretBinary: new Uint8Array([1]) });
  await expect(readVersion(fake.client, secretOf(), 'v1')).rejects.toThrow(/holds bytes.*set it anew/);
  fake.mock
    .on(DescribeSecretCommand)
    .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  await expect(readStages(fake.client, secretOf())).rejects.toThrow(/ask for secretsmanager:DescribeSecret/);
});

test('of a key ring only ids, states and dates are told', () => {
  const material = { kty: 'oct', k: Buffer.alloc(32, 'planted').toString('base64url') };
  const key = { kid: 'a', state: 'current', createdAt: '2026-11-01T00:00:00.000Z', material };
  const ring = { ringVersion: 1, purpose: 'data', algorithm: 'A256GCM', keys: [key] };
  expect(summariseRing(JSON.stringify(ring))).toEqual([
    { kid: 'a', state: 'current', createdAt: '2026-11-01T00:00:00.000Z' },
  ]);
  expect(summariseRing('{}')).toBeUndefined();
});
