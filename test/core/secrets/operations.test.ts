import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { SecretsOperations } from '../../../core/secrets/operations';
import { readSecretsOperations } from '../../../core/secrets/read-secrets-operations';

const ssm = mockClient(SSMClient);

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:golive/test/app-AbC123';
const WRITTEN = {
  secretsVersion: 1,
  environment: 'test',
  secrets: [
    {
      name: 'app',
      arn: ARN,
      kind: 'alternating-user',
      rotationDays: 30,
      functionLabel: 'secrets-rotate-app',
    },
  ],
  clusters: [],
};

const read = (value: unknown) => {
  ssm.reset();
  ssm
    .on(GetParameterCommand, { Name: '/golive/test/secrets' })
    .resolves({ Parameter: { Value: typeof value === 'string' ? value : JSON.stringify(value) } });
  return readSecretsOperations(new SSMClient({}), 'test');
};

test.each([
  ['ParameterNotFound', 'deploy its Secrets stack'],
  ['AccessDeniedException', 'ask for ssm:GetParameter'],
])('%s is said with what to do', async (name, advice) => {
  ssm.reset();
  ssm.on(GetParameterCommand).rejects(Object.assign(new Error('no'), { name }));
  await expect(readSecretsOperations(new SSMClient({}), 'test')).rejects.toMatchObject({
    code: 'SecretsNotFoundError',
    message: expect.stringContaining(advice) as string,
  });
});

test.each([
  ['no JSON', '{'],
  ['another version', { ...WRITTEN, secretsVersion: 2 }],
  ['a secret that we do not know', { ...WRITTEN, secrets: [{ ...WRITTEN.secrets[0], name: 'root' }] }],
  ['the same secret twice', { ...WRITTEN, secrets: [WRITTEN.secrets[0], WRITTEN.secrets[0]] }],
  ['a field that should not be there', { ...WRITTEN, secrets: [{ ...WRITTEN.secrets[0], password: 'x' }] }],
])('%s is refused', async (_, value) => {
  await expect(read(value)).rejects.toMatchObject({
    code: 'SecretsNotFoundError',
    message: expect.stringContaining('written by another version') as string,
  });
});

test('what the stack wrote comes back, with the limits that it left out', async () => {
  const operations = await read(WRITTEN);
  expect(operations).toMatchObject(WRITTEN);
  expect(operations.limits.overdueCriticalDays).toBe(2);
  expect(SecretsOperations.parse(operations)).toEqual(operations);
});
