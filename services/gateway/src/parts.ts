import { readFile } from 'node:fs/promises';
import type { Logger } from '@golive/observability';
import { rotatingPool, tokenKeys, type PoolSettings, type TokenKeys } from '../../../core/secrets/client';
import { openCache, type Cache } from './cache/cache';
import { cacheCredentials } from './cache/cache-credentials';
import { databaseAuthorities } from './database/authorities';
import { openDatabase, SESSION_LIMITS, type OpenDatabase } from './database/database';
import type { GatewayEnvironment } from './environment';
import { secretsLog } from './log';
import { openSecrets, type OpenSecretsOptions } from './secrets';

/** What the gateway works with. */
export interface Parts {
  readonly database: OpenDatabase;
  readonly cache: Cache;
  readonly tokens: TokenKeys;
  close(): Promise<void>;
}

export interface PartsOptions extends Omit<OpenSecretsOptions, 'log'> {
  readonly log: Logger;
  /** @default {@link SESSION_LIMITS} alone */
  readonly pool?: PoolSettings;
}

/** Opens all of them; connects to the cache in the background, and to the database when it is first asked. */
export async function openParts(
  environment: GatewayEnvironment,
  { log, pool: poolSettings, ...secretsOptions }: PartsOptions,
): Promise<Parts> {
  const { DATABASE_CA_FILE, CACHE_CA_FILE, DATABASE_CONNECTIONS } = environment;
  const secrets = openSecrets(environment, { ...secretsOptions, log: secretsLog(log) });
  const pool = rotatingPool({
    client: secrets,
    name: 'database',
    caFile: await databaseAuthorities(DATABASE_CA_FILE),
    settings: {
      ...SESSION_LIMITS,
      max: DATABASE_CONNECTIONS,
      application_name: 'golive-gateway',
      ...poolSettings,
    },
    log: secretsLog(log),
  });
  const database = openDatabase(pool, DATABASE_CONNECTIONS);
  const cache = openCache({
    host: environment.CACHE_HOST,
    port: environment.CACHE_PORT,
    ca: CACHE_CA_FILE === undefined ? undefined : await readFile(CACHE_CA_FILE, 'utf8'),
    credentials: cacheCredentials(secrets, 'cache'),
    log,
  });
  return {
    database,
    cache: cache.cache,
    tokens: tokenKeys({ client: secrets, name: 'jwt' }),
    close: async () => {
      await database.client.$disconnect();
      await pool.end();
      cache.close();
      secrets.close();
    },
  };
}
