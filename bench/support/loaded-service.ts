import { DatabaseSecret } from '../../core/postgres/endpoint';
import {
  createSecretsClient,
  dataKeys,
  rotatingPool,
  tokenKeys,
  type DataKeys,
  type RotatingPool,
  type TokenKeys,
} from '../../core/secrets/client';
import { DataKeyRing, JwtKeyRing } from '../../core/secrets/key-ring';
import type { RotationLab } from './rotation-lab';

/** One of a service's tasks: what it reads from Secrets Manager is its own. */
export interface LoadedService {
  readonly app: RotatingPool;
  readonly backup: RotatingPool;
  readonly tokens: TokenKeys;
  readonly data: DataKeys;
  /** How often another version's connections took over, of both pools, and how often because a login was refused. */
  readonly takeovers: { readonly all: number; readonly afterRefusal: number };
  stop(): Promise<void>;
}

/** Per version of a secret. */
export const APP_CONNECTIONS = 6;
export const BACKUP_CONNECTIONS = 2;
/** New connections are what a rotation could break, so that none may live long. */
const QUERIES_OF_A_CONNECTION = 200;

export function startLoadedService(lab: RotationLab, cacheSeconds: number): LoadedService {
  const takeovers = { all: 0, afterRefusal: 0 };
  const log = {
    info: (message: string, { because }: Record<string, unknown>) => {
      if (message !== 'connections follow the secret') return;
      takeovers.all += 1;
      if (because === 'a refused login') takeovers.afterRefusal += 1;
    },
    warn: () => undefined,
  };
  const { app, backup, jwt, data } = lab.ids;
  const client = createSecretsClient({
    secretsManager: lab.secretsManager,
    secrets: {
      app: { id: app, schema: DatabaseSecret },
      backup: { id: backup, schema: DatabaseSecret },
      jwt: { id: jwt, schema: JwtKeyRing },
      data: { id: data, schema: DataKeyRing },
    },
    environment: 'production',
    cacheSeconds,
    staleLimitSeconds: lab.policy.cacheSeconds,
    log,
  });
  const shared = { client, caFile: lab.postgres.caFile, log };
  const settings = (max: number) => ({ max, maxUses: QUERIES_OF_A_CONNECTION });
  const pools = {
    app: rotatingPool({ ...shared, name: 'app', settings: settings(APP_CONNECTIONS) }),
    backup: rotatingPool({ ...shared, name: 'backup', settings: settings(BACKUP_CONNECTIONS) }),
  };
  return {
    ...pools,
    tokens: tokenKeys({ client, name: 'jwt' }),
    data: dataKeys({ client, name: 'data' }),
    takeovers,
    stop: async () => {
      await Promise.all([pools.app.end(), pools.backup.end()]);
      client.close();
    },
  };
}
