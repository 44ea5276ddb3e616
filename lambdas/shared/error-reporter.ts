import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { SentrySink } from './sentry-sink';

/** A rotated DSN is picked up after this long. */
const DSN_LIFETIME_MS = 5 * 60_000;

/** The longest that a report may hold up the failure it reports: reading the DSN, loading the SDK, sending. */
const PATIENCE_MS = 2_500;

export interface ErrorReporter {
  /** Sends the error to Sentry and waits until it has left. Never throws, and does nothing when Sentry is off. */
  report(error: Error, details: ErrorDetails): Promise<void>;
}

export interface ErrorDetails {
  readonly code: string;
  readonly requestId: string;
  /** How long the report may take at most, in milliseconds. */
  readonly timeoutMs: number;
}

export interface ErrorReporterOptions {
  readonly functionName: string;
  readonly logger: Pick<Logger, 'warn'>;
  /** Makes the client for the DSN's secret. Replaced in tests. */
  readonly secretsClient?: () => SecretsManagerClient;
}

/**
 * Reports errors to Sentry, and costs a cold start nothing: the secret is read and the SDK is loaded when the
 * first error is to be reported, never before. Off without `SENTRY_DSN_SECRET_ARN`, and when the secret holds
 * no DSN. Reporting is an extra, so none of its own failures reaches the function: each kind is warned of once.
 */
export function createErrorReporter(options: ErrorReporterOptions): ErrorReporter {
  const warned = new Set<string>();
  const warnOnce = (message: string, error?: unknown) => {
    if (warned.has(message)) return;
    warned.add(message);
    options.logger.warn(message, error instanceof Error ? { reason: `${error.name}: ${error.message}` } : {});
  };

  let known: { dsn: string | undefined; readAt: number } | undefined;
  const currentDsn = async (secretArn: string) => {
    if (known === undefined || Date.now() - known.readAt > DSN_LIFETIME_MS) {
      const secret = await readSecret(secretArn, options.secretsClient ?? defaultClient);
      const dsn = parseDsn(secret);
      if (dsn === undefined && !isPlaceholder(secret)) {
        warnOnce("Sentry is off: its secret holds no DSN. Store the DSN as the secret's whole value");
      }
      known = { dsn, readAt: Date.now() };
    }
    return known.dsn;
  };

  let sink: { dsn: string; sink: SentrySink } | undefined;
  return {
    async report(error, { code, requestId, timeoutMs }) {
      const secretArn = process.env['SENTRY_DSN_SECRET_ARN'];
      if (!secretArn) return;
      const patience = Math.min(timeoutMs, PATIENCE_MS);
      const send = async () => {
        const dsn = await currentDsn(secretArn);
        if (dsn === undefined) return true;
        if (sink?.dsn !== dsn) {
          const { createSentrySink } = await import('./sentry-sink');
          sink = { dsn, sink: createSentrySink({ dsn, environment: process.env['GOLIVE_ENVIRONMENT'] }) };
        }
        return sink.sink.send(error, { function: options.functionName, code, requestId }, patience);
      };
      try {
        const delivered = await within(patience, send());
        if (!delivered) warnOnce('Sentry did not take an error report; the error is in this log');
      } catch (failure) {
        warnOnce('an error could not be reported to Sentry; it is in this log', failure);
      }
    },
  };
}

/** The promise's value, or undefined when it takes longer. A late failure has nobody left to tell. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  promise.catch(() => undefined);
  try {
    return await Promise.race([
      promise,
      sleep(Math.max(0, milliseconds), undefined, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}

async function readSecret(secretArn: string, client: () => SecretsManagerClient): Promise<string> {
  const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: secretArn }));
  return SecretString?.trim() ?? '';
}

/** Short time-outs: reporting must not eat the time in which the failure itself is logged. */
function defaultClient(): SecretsManagerClient {
  return new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
}

/** The DSN as the secret's whole value, or as the `dsn` of a JSON object. */
function parseDsn(secret: string): string | undefined {
  const candidate = secret.startsWith('{') ? dsnOfJson(secret) : secret;
  if (candidate === undefined || !URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  const isDsn = /^https?:$/.test(url.protocol) && url.username !== '' && /\/\d+$/.test(url.pathname);
  return isDsn ? candidate : undefined;
}

function dsnOfJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'dsn' in value && typeof value.dsn === 'string'
      ? value.dsn
      : undefined;
  } catch {
    return undefined;
  }
}

/** A secret that was made but not yet filled in: Sentry is off on purpose. */
function isPlaceholder(secret: string): boolean {
  return /^(?:|\{\}|-|none|off|disabled|unset|placeholder|todo|change[-_ ]?me|replace[-_ ]?me)$/i.test(
    secret,
  );
}
