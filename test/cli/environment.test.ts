import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import type { Operations } from '../../core/backup/operations';
import { withEnvironment } from '../../cli/environment';
import { operationsOf } from './operations';

const ssm = mockClient(SSMClient);
const secretsManager = mockClient(SecretsManagerClient);
const ADMIN = operationsOf().databaseSecretArn;
const BACKUP = `${ADMIN}-backup`;

/** As whom commands log in, by what the Backup stack has written. */
async function usersOf(change: Partial<Operations>) {
  const Value = JSON.stringify(operationsOf(change));
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });
  for (const [SecretId, username] of [
    [ADMIN, 'golive_admin'],
    [BACKUP, 'golive_backup'],
  ] as const) {
    const SecretString = JSON.stringify({ host: 'db.internal', port: 5432, username, password: 'p' });
    secretsManager.on(GetSecretValueCommand, { SecretId }).resolves({ SecretString });
  }
  return await withEnvironment({ name: 'test', caFile: '/ca.pem', env: {} }, async (environment) => ({
    restores: (await environment.database()).user,
    dumps: (await environment.databaseToDump()).user,
  }));
}

beforeEach(() => {
  ssm.reset();
  secretsManager.reset();
});
afterAll(() => {
  ssm.restore();
  secretsManager.restore();
});

test('the admin dumps, where the configuration names no other login', async () => {
  expect(await usersOf({})).toEqual({ restores: 'golive_admin', dumps: 'golive_admin' });
});

test('the login that the configuration names dumps, and the admin restores all the same', async () => {
  expect(await usersOf({ dumpSecretArn: BACKUP })).toEqual({
    restores: 'golive_admin',
    dumps: 'golive_backup',
  });
});
