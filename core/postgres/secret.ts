import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GoLiveError, saidBy } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { DatabaseSecret, type PostgresEndpoint } from './endpoint';

/** The secret that says how to reach the database could not be read or understood. Never says what it holds. */
export class DatabaseSecretError extends GoLiveError {
  readonly code = 'DatabaseSecretError';
  /** A rotation may be half-way, and Secrets Manager may throttle. */
  override readonly retryable = true;
}

/**
 * Reads where a database is, and who we are there, from the secret that is attached to it.
 *
 * @throws DatabaseSecretError
 */
export async function endpointFromSecret(
  secretsManager: SecretsManagerClient,
  secretId: string,
  { database, caFile }: Pick<PostgresEndpoint, 'database' | 'caFile'>,
): Promise<PostgresEndpoint> {
  // The stage is the default, and the emulator forgets it once a rotation has moved it.
  const current = { SecretId: secretId, VersionStage: 'AWSCURRENT' };
  const text = await secretsManager.send(new GetSecretValueCommand(current)).then(
    ({ SecretString }) => SecretString,
    (error: unknown) => {
      const said = saidBy(error);
      throw new DatabaseSecretError(
        `secret ${secretId} could not be read: ${said}; allow the role secretsmanager:GetSecretValue on it and kms:Decrypt on its key`,
        { cause: error },
      );
    },
  );
  const parsed = DatabaseSecret.safeParse(jsonOrUndefined(text));
  if (!parsed.success) {
    // The issues name fields, never values.
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
    throw new DatabaseSecretError(
      `secret ${secretId} does not describe a database: ${problems.join('; ')}; attach it to the instance, or rotate it`,
    );
  }
  const { host, port, username: user, password } = parsed.data;
  return { host, port, database, user, password, caFile };
}
