import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambdas/secrets/bootstrap/handler';
import { answerInbox } from '../shared/answer-inbox';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';

/** What it does to a real database is in test/integration/secrets. */
describe('the bootstrap function', () => {
  const watched = watchHandler('secrets-bootstrap', { DATABASE_CA_FILE: '/nonexistent/ca.pem' });
  const secrets = mockClient(SecretsManagerClient);
  const inbox = answerInbox();

  beforeEach(() => {
    secrets.reset();
  });

  const invoke = (RequestType: string, properties: Record<string, string> = {}) =>
    handler(
      {
        RequestType,
        ResponseURL: inbox.url(),
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Roles',
        ...(RequestType !== 'Create' && { PhysicalResourceId: 'Roles-1' }),
        ResourceProperties: {
          ServiceToken: 'arn',
          ServiceTimeout: '360',
          MasterSecretArn: 'master',
          AppSecretArn: 'app',
          BackupSecretArn: 'backup',
          Database: 'golive',
          Owner: 'golive_owner',
          ...properties,
        },
      },
      lambdaContext(),
    );

  test('a secret that describes no login is told to CloudFormation, without what it holds', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"planted-user"}' });
    await expect(invoke('Create')).rejects.toMatchObject({ code: 'DatabaseSecretError' });
    expect(inbox.answers()).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        Reason: expect.stringContaining('does not describe') as string,
      }),
    ]);
    expect(JSON.stringify(inbox.answers()) + watched.printed()).not.toContain('planted-user');
  });

  test('deleting keeps the roles unless told to drop them, and needs no database for that', async () => {
    const gone = new ResourceNotFoundException({ message: 'gone', $metadata: {} });
    secrets.on(GetSecretValueCommand).rejects(gone);
    await invoke('Delete');
    expect(secrets.calls()).toHaveLength(0);
    await expect(invoke('Delete', { OnDelete: 'drop' })).rejects.toMatchObject({
      code: 'DatabaseSecretError',
    });
    expect(inbox.answers().map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
  });
});
