import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dsnInSecret } from '../../../../core/observability/sentry-dsn';
import { saidBy } from '../../../../core/shared/errors';
import type { RuntimeLog } from './runtime';

export interface SentryDsnOptions {
  /** The secret's name or ARN. */
  readonly secretId: string;
  readonly secretsManager: () => Promise<Pick<SecretsManagerClient, 'send'>>;
  readonly log: RuntimeLog;
  /** Milliseconds. @default five minutes */
  readonly lifetimeMs?: number;
  readonly now?: () => number;
}

/** A DSN that somebody sets or changes is picked up after this long. */
const LIFETIME_MS = 5 * 60_000;

/**
 * Sentry's DSN out of its secret. Pages take what is known at once and never wait for it; whoever reports an error waits.
 * A DSN is no secret to browsers, which need it to report anything; it lies in a secret because it is set at run time.
 */
export class SentryDsn {
  #known: { readonly dsn: string | undefined; readonly at: number } | undefined;
  #reading: Promise<string | undefined> | undefined;
  #said = false;

  constructor(private readonly options: SentryDsnOptions) {}

  /** What is known now. What is older than its life is read again behind it. */
  current(): string | undefined {
    const { lifetimeMs = LIFETIME_MS, now = Date.now } = this.options;
    if (this.#known === undefined || now() - this.#known.at >= lifetimeMs) void this.read();
    return this.#known?.dsn;
  }

  /** What the secret holds now; when it cannot be read, what was known before. Never throws. */
  read(): Promise<string | undefined> {
    this.#reading ??= this.#readOnce().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readOnce(): Promise<string | undefined> {
    const { secretId, secretsManager, log, now = Date.now } = this.options;
    try {
      const [{ GetSecretValueCommand }, client] = await Promise.all([
        import('@aws-sdk/client-secrets-manager'),
        secretsManager(),
      ]);
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      this.#known = { dsn: dsnInSecret(SecretString), at: now() };
      this.#said = false;
    } catch (error) {
      // Once, or it would be said with every page.
      if (!this.#said)
        log.warn({ reason: saidBy(error) }, "Sentry's DSN could not be read; errors are in this log");
      this.#said = true;
      this.#known = { dsn: this.#known?.dsn, at: now() };
    }
    return this.#known.dsn;
  }
}
