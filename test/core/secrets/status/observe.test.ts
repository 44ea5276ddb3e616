import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Readable } from 'node:stream';
import { SecretsOperations } from '../../../../core/secrets/operations';
import { isUnreadable, observeSecrets } from '../../../../core/secrets/status';
import { FakeEcs } from '../pick-up/fake-ecs';
import { arnOf } from './fixtures';

/** A year ahead of this host. */
const SERVICE_TIME = new Date(Math.floor(Date.now() / 1000) * 1000 + 365 * 86_400_000);

const OPERATIONS = SecretsOperations.parse({
  secretsVersion: 1,
  environment: 'test',
  secrets: [{ name: 'app', arn: arnOf('app'), kind: 'alternating-user' }],
  clusters: [],
});

/** A Secrets Manager that answers everything so. */
function answering(statusCode: number, body: object): SecretsManagerClient {
  return new SecretsManagerClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: {
      handle: () =>
        Promise.resolve({
          response: {
            statusCode,
            headers: { date: SERVICE_TIME.toUTCString(), 'content-type': 'application/x-amz-json-1.1' },
            body: Readable.from([JSON.stringify(body)]),
          },
        }),
    },
  });
}

test.each([
  ['an answer', 200, { CreatedDate: 1_790_000_000, Versions: [] }],
  ['a refusal', 400, { __type: 'AccessDeniedException', message: 'no' }],
])('the time is told by the service, from %s', async (_, status, body) => {
  const secretsManager = answering(status, body);
  const facts = await observeSecrets({ secretsManager, ecs: new FakeEcs().client }, OPERATIONS);
  expect(facts.observedAt).toEqual(SERVICE_TIME);
  expect(isUnreadable(facts.secrets[0]!.state)).toBe(status !== 200);
});

test('listening to the clock leaves nothing behind in the client', async () => {
  const secretsManager = answering(200, { CreatedDate: 1_790_000_000, Versions: [] });
  const before = secretsManager.middlewareStack.identify();
  await observeSecrets({ secretsManager, ecs: new FakeEcs().client }, OPERATIONS);
  expect(secretsManager.middlewareStack.identify()).toEqual(before);
});
