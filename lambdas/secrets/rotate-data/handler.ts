import type * as z from 'zod';
import { endpointFromSecret } from '../../../core/postgres/secret';
import { withSession } from '../../../core/postgres/session';
import { DEFAULT_KEY_RING_POLICY, keyCensus, type KeyCensus } from '../../../core/secrets/key-ring';
import { defineKeyRingRotation } from '../../shared/define-key-ring-rotation';
import type { RotationMeans } from '../../shared/define-rotation';
import { RotateDataEnvironment } from './env';

type Means = RotationMeans<z.output<typeof RotateDataEnvironment>>;

/** Of one column, which is read in full; Lambda itself stops after 15 minutes. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000;

/** Turns the key ring that encrypts what the product stores. */
export const handler = defineKeyRingRotation({
  name: 'secrets/rotate-data',
  environment: RotateDataEnvironment,
  ring: (means) => ({
    algorithm: 'A256GCM',
    policy: {
      ...DEFAULT_KEY_RING_POLICY,
      publishSeconds: means.environment.PUBLISH_SECONDS,
      cacheSeconds: means.environment.CACHE_SECONDS,
      backupSeconds: means.environment.BACKUP_SECONDS,
    },
    census: (kids) => census(means, kids),
  }),
});

/** Asks the database which of these keys its ciphertexts name, by the login that may read everything and write nothing. */
async function census(
  { secretsManager, environment, signal }: Means,
  kids: readonly string[],
): Promise<KeyCensus> {
  const endpoint = await endpointFromSecret(secretsManager, environment.DATABASE_SECRET_ARN, {
    database: environment.DATABASE_NAME,
    caFile: environment.DATABASE_CA_FILE,
  });
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return await withSession(endpoint, 'golive-key-census', limits, (client) =>
    keyCensus(client, environment.ENCRYPTED_COLUMNS, kids),
  );
}
