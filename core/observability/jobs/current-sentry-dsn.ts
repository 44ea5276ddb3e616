import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dsnInSecret } from '../sentry-dsn';
import { type OnceLogger, sayOnceTo } from './say-once';

/** A rotated DSN is picked up after this long. */
const DSN_LIFETIME_MS = 5 * 60_000;

/**
 * Sentry's DSN as its secret holds it, read when it is first asked for and at most once in five minutes; undefined
 * while it holds none. Who asks while it is being read waits for the same answer. Rejects with what Secrets Manager
 * says; the next one to ask tries again.
 */
export type SentryDsn = (secretName: string) => Promise<string | undefined>;

export interface SentryDsnOptions {
  /** Is told once when Sentry is off. */
  readonly logger: OnceLogger;
  /** Makes the client for the DSN's secret. Replaced in tests. */
  readonly secretsClient?: () => SecretsManagerClient;
  /** Ends a reading that nobody waits for any more, and so keeps a process alive. @default it is waited for */
  readonly signal?: AbortSignal;
}

export function createSentryDsn({
  logger,
  secretsClient = defaultClient,
  signal,
}: SentryDsnOptions): SentryDsn {
  const sayOnce = sayOnceTo(logger);
  let known: { dsn: string | undefined; readAt: number } | undefined;
  let reading: Promise<string | undefined> | undefined;
  const read = async (secretName: string) => {
    const dsn = dsnInSecret(await readSecret(secretName, secretsClient(), signal));
    if (dsn === undefined) {
      // Not a fault: a secret begins as `{}`, and a team without Sentry leaves it so. The monitor warns of it.
      sayOnce('info', 'Sentry is off: its DSN is not set. Set it with: golive secrets set sentry-dsn');
    }
    known = { dsn, readAt: Date.now() };
    return dsn;
  };
  return async (secretName) => {
    if (known !== undefined && Date.now() - known.readAt <= DSN_LIFETIME_MS) return known.dsn;
    reading ??= read(secretName).finally(() => (reading = undefined));
    return await reading;
  };
}

async function readSecret(
  secretName: string,
  client: SecretsManagerClient,
  abortSignal: AbortSignal | undefined,
): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId: secretName });
  const { SecretString } = await client.send(command, abortSignal && { abortSignal });
  return SecretString?.trim() ?? '';
}

/** Short time-outs: reporting must not eat the time in which the failure itself is logged. */
function defaultClient(): SecretsManagerClient {
  return new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
}
