import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DatabaseSecret } from '../../../core/postgres/endpoint';
import { createSecretsClient, type SecretMetric, type SecretsLog } from '../../../core/secrets/client';
import { JwtKeyRing } from '../../../core/secrets/key-ring';
import { CacheUserSecret } from '../../../core/secrets/rotation/cache-user';
import type { GatewayEnvironment } from './environment';

export interface OpenSecretsOptions {
  readonly log?: SecretsLog;
  readonly onMetric?: (metric: SecretMetric) => void;
  /** @default AWS's, as the environment says */
  readonly secretsManager?: Pick<SecretsManagerClient, 'send'>;
  /** @default 300 */
  readonly cacheSeconds?: number;
}

/** The secrets that the gateway reads at run time. */
export function openSecrets(environment: GatewayEnvironment, options: OpenSecretsOptions = {}) {
  const { secretsManager = new SecretsManagerClient({}), cacheSeconds = 300, ...hooks } = options;
  return createSecretsClient({
    secretsManager,
    secrets: {
      database: { id: environment.DATABASE_SECRET_ARN, schema: DatabaseSecret },
      cache: { id: environment.CACHE_SECRET_ARN, schema: CacheUserSecret },
      jwt: { id: environment.JWT_SECRET_ARN, schema: JwtKeyRing },
    },
    environment: environment.GOLIVE_ENV,
    cacheSeconds: Math.min(cacheSeconds, environment.SECRETS_STALE_SECONDS),
    staleLimitSeconds: environment.SECRETS_STALE_SECONDS,
    ...hooks,
  });
}
