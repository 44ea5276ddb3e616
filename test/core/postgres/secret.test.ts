import { inspect } from 'node:util';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { endpointFromSecret } from '../../../core/postgres/secret';

const mock = mockClient(SecretsManagerClient);
const read = () =>
  endpointFromSecret(new SecretsManagerClient({}), 'arn:secret', { database: 'shop', caFile: '/ca.pem' });

beforeEach(() => mock.reset());

test('host, port and role come from the secret, the database from us', async () => {
  const secret = {
    host: 'db',
    port: '5433',
    username: 'admin',
    password: 'pw',
    dbname: 'postgres',
    engine: 'postgres',
  };
  mock.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify(secret) });
  await expect(read()).resolves.toEqual({
    host: 'db',
    port: 5433,
    database: 'shop',
    user: 'admin',
    password: 'pw',
    caFile: '/ca.pem',
  });
});

test('a secret that may not be read is named, with what to allow', async () => {
  mock.on(GetSecretValueCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  await expect(read()).rejects.toMatchObject({
    code: 'DatabaseSecretError',
    message: expect.stringMatching(/arn:secret.*AccessDeniedException.*allow/) as string,
  });
});

test.each([
  ['text', 's3cret in plain text'],
  ['half a JSON', '{"password":"s3cret'],
  ['a JSON without a host', '{"username":"admin","password":"s3cret"}'],
  ['nothing', undefined],
])('a secret that holds %s is refused, and what it holds is not told', async (_what, text) => {
  mock.on(GetSecretValueCommand).resolves(text === undefined ? {} : { SecretString: text });
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'DatabaseSecretError' });
  expect(inspect(error)).not.toContain('s3cret');
});
