import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { readAlertingOperations } from '../../../core/alerting';
import { OPERATIONS } from './fake-proofs';

const ssm = mockClient(SSMClient);
const read = () => readAlertingOperations(new SSMClient({ region: 'eu-central-1' }), 'prod');

beforeEach(() => ssm.reset());

test('reads what the stack wrote', async () => {
  ssm
    .on(GetParameterCommand, { Name: '/golive/prod/alerting' })
    .resolves({ Parameter: { Value: JSON.stringify(OPERATIONS) } });
  await expect(read()).resolves.toEqual(OPERATIONS);
});

test.each([
  ['no such parameter', new ParameterNotFound({ message: 'no', $metadata: {} }), /deploy its Alerting stack/],
  [
    'no right to it',
    Object.assign(new Error('no'), { name: 'AccessDeniedException' }),
    /ask for ssm:GetParameter/,
  ],
])('%s says what to do', async (_, error, message) => {
  ssm.on(GetParameterCommand).rejects(error);
  await expect(read()).rejects.toMatchObject({
    code: 'AlertingNotFoundError',
    message: expect.stringMatching(message) as string,
  });
});

test('what another version wrote is refused', async () => {
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '{"alertingVersion":2}' } });
  await expect(read()).rejects.toThrow(/written by another version/);
});
