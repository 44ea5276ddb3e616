import type { Logger } from '@golive/observability';
import type { PoolClient } from 'pg';
import { rotatingPool } from '../../../../core/secrets/client';
import { databaseAuthorities } from '../database/authorities';
import type { GatewayEnvironment } from '../environment';
import { secretsLog } from '../log';
import { openSecrets } from '../secrets';

/** Lends one session at the database, as the services' login, and closes everything. Throws what `use` throws. */
export async function withOneSession<T>(
  environment: GatewayEnvironment,
  log: Logger,
  applicationName: string,
  use: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const secrets = openSecrets(environment, { log: secretsLog(log) });
  const pool = rotatingPool({
    client: secrets,
    name: 'database',
    caFile: await databaseAuthorities(environment.DATABASE_CA_FILE),
    settings: { max: 1, application_name: applicationName },
    log: secretsLog(log),
  });
  try {
    return await pool.withClient(use);
  } finally {
    await pool.end();
    secrets.close();
  }
}
