import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretUnavailableError } from './errors';
import type { OperatedSecret } from './secret';
import { asked, readStages } from './stages';
import { requireAlive } from './start-rotation';
import { checkedThirdPartyValue } from './third-party-value';

/**
 * Makes what a person gave the current version. What was current stays as the previous one.
 *
 * @returns the new version
 * @throws SecretValueRefusedError, SecretNotRotatableError, SecretUnavailableError
 */
export async function setSecretValue(
  secretsManager: SecretsManagerClient,
  secret: OperatedSecret,
  given: string,
): Promise<string> {
  const value = checkedThirdPartyValue(secret, given);
  requireAlive(secret, await readStages(secretsManager, secret));
  const { VersionId } = await asked(
    secret.name,
    'secretsmanager:PutSecretValue, and kms:GenerateDataKey on its key',
    secretsManager.send(
      new PutSecretValueCommand({
        SecretId: secret.arn,
        SecretString: value,
        ClientRequestToken: randomUUID(),
      }),
    ),
  );
  if (VersionId !== undefined) return VersionId;
  throw new SecretUnavailableError(
    `Secrets Manager did not say which version of "${secret.name}" it made; look at golive secrets show ${secret.name}`,
  );
}
