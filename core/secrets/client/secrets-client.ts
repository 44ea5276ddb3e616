import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CachedSecret } from './cached-secret';
import type { SecretDefinition, SecretTypes } from './definition';
import { SecretsClientConfigurationError, SecretUnavailableError } from './errors';
import type { SecretMetric, SecretsLog } from './metrics';
import { called, parseSecret, readSecret, type ReadSecret } from './read-secret';
import { ENVIRONMENT_VERSION, SecretValue } from './sensitive';
import { spaced } from './spaced';
import { timingOf, timingProblems, type TimingOptions } from './timing';

export interface SecretsClientOptions<
  D extends Readonly<Record<string, SecretDefinition>>,
> extends TimingOptions {
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  /** What this service uses, by the names that it gives them. */
  readonly secrets: D;
  /** Where this runs. Only {@link DEVELOPMENT} may take secrets from {@link environmentFallback}. */
  readonly environment: string;
  /** How long one read may take, with the SDK's own retries. @default 5 */
  readonly readTimeoutSeconds?: number;
  /**
   * In development: the text of a secret that could not be read, or has no id there. Pass a function that looks into
   * `process.env`.
   */
  readonly environmentFallback?: ((name: keyof D & string) => string | undefined) | undefined;
  readonly onMetric?: (metric: SecretMetric) => void;
  readonly log?: SecretsLog;
}

/** Reads secrets at run time, and follows their rotation. */
export interface SecretsClient<S> {
  /**
   * The secret, at most `cacheSeconds` old; older only when no newer one can be had, up to `staleLimitSeconds`.
   *
   * @throws SecretUnavailableError, SecretInvalidError
   */
  get<N extends keyof S & string>(name: N): Promise<SecretValue<S[N]>>;
  /**
   * For when a secret did not work: what Secrets Manager says after this call, or at once the copy in memory when
   * that is not the version that failed.
   *
   * @throws SecretUnavailableError, SecretInvalidError
   */
  refresh<N extends keyof S & string>(
    name: N,
    failed?: { readonly failedVersion: string },
  ): Promise<SecretValue<S[N]>>;
  /**
   * The version that a rotation is about to make current, if there is one. Only for who has found that the current one
   * no longer works: until it is current it may not work itself.
   *
   * @throws SecretUnavailableError, SecretInvalidError
   */
  pending<N extends keyof S & string>(name: N): Promise<SecretValue<S[N]> | undefined>;
  /** Which version is in memory; undefined before the first `get`. */
  version(name: keyof S & string): string | undefined;
  /** Calls back with each new version, once it is in memory; the answer ends that. Keep it short: no exceptions. */
  onChange<N extends keyof S & string>(name: N, listener: (value: SecretValue<S[N]>) => void): () => void;
  /** Ends background reads. What is asked for afterwards is still answered. */
  close(): void;
}

/** The one environment that may do without Secrets Manager. */
export const DEVELOPMENT = 'development';

/**
 * Makes a client for the secrets of one service. Nothing is read before it is first asked for; from then on a secret
 * is read again in the background, before its copy has lived its life.
 *
 * @throws SecretsClientConfigurationError
 */
export function createSecretsClient<const D extends Readonly<Record<string, SecretDefinition>>>(
  options: SecretsClientOptions<D>,
): SecretsClient<SecretTypes<D>> {
  refuseUnsafe(options);
  const secrets = new Map(
    Object.entries<SecretDefinition>(options.secrets).map(([name, definition]) => [
      name,
      followSecret(options, name as keyof D & string, definition),
    ]),
  );
  // Types are what the schemas say, and the map holds what the schemas made.
  type Any = SecretValue<never>;
  const of = (name: string): FollowedSecret => {
    const secret = secrets.get(name);
    if (secret) return secret;
    throw new SecretsClientConfigurationError(
      `no secret is called "${name}" here; the client knows ${[...secrets.keys()].join(', ')}`,
    );
  };
  return {
    get: async (name) => (await of(name).current.get()) as Any,
    refresh: async (name, failed) => (await of(name).current.refresh(failed?.failedVersion)) as Any,
    pending: async (name) => (await of(name).pending()) as Any | undefined,
    version: (name) => of(name).current.version,
    onChange: (name, listener) => of(name).current.onChange(listener as (value: unknown) => void),
    close: () => {
      for (const { current } of secrets.values()) current.close();
    },
  };
}

const SILENT: SecretsLog = { info: () => undefined, warn: () => undefined };

interface FollowedSecret {
  readonly current: CachedSecret;
  readonly pending: () => Promise<SecretValue<unknown> | undefined>;
}

function followSecret<D extends Readonly<Record<string, SecretDefinition>>>(
  options: SecretsClientOptions<D>,
  name: keyof D & string,
  definition: SecretDefinition,
): FollowedSecret {
  const { secretsManager, readTimeoutSeconds = 5, onMetric, log = SILENT } = options;
  const timing = timingOf(options);
  const request = { secretsManager, name, definition, timeoutMs: readTimeoutSeconds * 1000 };
  const current = new CachedSecret({
    name,
    timing,
    onMetric: onMetric ?? (() => undefined),
    log,
    read: (known) =>
      readCurrent(request, known).catch((error: unknown) => {
        const text = options.environmentFallback?.(name);
        // A copy of the real thing is better, even an old one.
        if (text === undefined || (known && known.version !== ENVIRONMENT_VERSION)) throw error;
        log.warn('secret taken from the environment', { secret: name });
        return new SecretValue(parseSecret(name, definition, text), ENVIRONMENT_VERSION, undefined);
      }),
  });
  const pending = spaced({
    timing,
    read: async () =>
      definition.id === undefined
        ? undefined
        : await readSecret({ ...request, stage: 'AWSPENDING', known: undefined }),
  });
  return { current, pending };
}

async function readCurrent(
  request: Omit<ReadSecret, 'stage' | 'known'>,
  known: SecretValue<unknown> | undefined,
): Promise<SecretValue<unknown>> {
  const { name, definition } = request;
  const value =
    definition.id === undefined ? undefined : await readSecret({ ...request, stage: 'AWSCURRENT', known });
  if (value) return value;
  throw new SecretUnavailableError(
    `${called(name, definition.id)} has no id, and the environment does not hold it either; set one of the two`,
    { retryable: false },
  );
}

/** Fails closed: an environment that we do not know counts as production. */
function refuseUnsafe(options: SecretsClientOptions<Readonly<Record<string, SecretDefinition>>>): void {
  const { environment, secrets, environmentFallback } = options;
  const problems: string[] = [];
  if (environment !== DEVELOPMENT) {
    if (environmentFallback) {
      problems.push(
        `secrets from environment variables are for ${DEVELOPMENT} only, and this is ${environment}: leave environmentFallback out`,
      );
    }
    const nameless = Object.keys(secrets).filter((name) => secrets[name]?.id === undefined);
    if (nameless.length > 0) {
      problems.push(`${nameless.join(', ')} must have an id in ${environment}: set it to the secret's ARN`);
    }
  }
  problems.push(...timingProblems(options));
  if (problems.length > 0) throw new SecretsClientConfigurationError(problems.join('; '));
}
