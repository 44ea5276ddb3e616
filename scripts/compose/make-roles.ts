import { readFile } from 'node:fs/promises';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DatabaseSecret } from '../../core/postgres/endpoint';
import { bootstrapRoles } from '../../core/secrets/bootstrap';
import type { PrepareEnvironment } from './environment';
import { newPassword } from './make-secrets';
import { filesIn } from './volumes';

/** Owns everything that the product makes; nobody logs in as it. */
const OWNER = 'golive_owner';
/** Nobody dumps here, so nobody knows its password. */
const BACKUP_USER = 'golive_backup';

/**
 * Makes the database's roles as a deployment does: an owner, and the services' login that acts as it, with the secret's
 * password.
 *
 * @returns what was changed
 */
export async function makeRoles(
  secretsManager: SecretsManagerClient,
  environment: PrepareEnvironment,
): Promise<string[]> {
  const { authorities, postgres } = filesIn(environment.FOLDER);
  const { SecretString = '' } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: environment.DATABASE_SECRET_ARN, VersionStage: 'AWSCURRENT' }),
  );
  const app = DatabaseSecret.parse(JSON.parse(SecretString));
  const { changes } = await bootstrapRoles({
    connect: {
      host: environment.DATABASE_HOST,
      port: environment.DATABASE_PORT,
      database: environment.DATABASE_NAME,
      user: environment.DATABASE_SUPERUSER,
      password: (await readFile(postgres.superuserPassword, 'utf8')).trim(),
      caFile: authorities.postgres,
    },
    owner: OWNER,
    app,
    backup: { username: BACKUP_USER, password: newPassword() },
  });
  return [...changes];
}
