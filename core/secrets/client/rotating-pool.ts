import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type * as z from 'zod';
import type { DatabaseSecret } from '../../postgres/endpoint';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { connectionError } from '../../postgres/session';
import { saidBy } from '../../shared/errors';
import { PoolEndedError, SecretsClientConfigurationError } from './errors';
import type { SecretsLog } from './metrics';
import { PoolGeneration, type Lease, type PoolSettings } from './pool-generation';
import type { SecretsClient } from './secrets-client';
import type { SecretValue } from './sensitive';

type DatabaseLogin = z.output<typeof DatabaseSecret>;

export interface RotatingPoolOptions<N extends string, S extends Readonly<Record<N, DatabaseLogin>>> {
  readonly client: SecretsClient<S>;
  /** The client's name of the secret that says where the database is, and who we are there. */
  readonly name: N;
  /** PEM file of the authorities to trust. */
  readonly caFile: string;
  /** @default the secret's `dbname` */
  readonly database?: string;
  /**
   * node-postgres' own settings. `max` counts per version of the secret: while one takes over from another there may
   * be twice as many connections. @default a connection must be had within 10 s
   */
  readonly settings?: PoolSettings;
  /** Whether to try the version that a rotation is about to make current; see {@link RotatingPool}. @default true */
  readonly tryPending?: boolean;
  readonly log?: SecretsLog;
}

/**
 * A pool of connections that follows the rotation of its secret, so that no query fails by it.
 *
 * - A new version takes over once it has logged in. Then new work goes to new connections; the old ones finish what
 *   they do, and close.
 * - When a login is refused, the secret is read again, and what it says now is tried. Then the version in
 *   `AWSPENDING`: when a single user rotates, PostgreSQL knows the new password from `setSecret` on, but `AWSCURRENT`
 *   names the old one until `finishSecret`, seconds later or, when the function fails between the two, until
 *   somebody heals it. The permission that reads the one stage reads the other.
 * - Only connecting is ever tried again. A statement that was sent may have been carried out, so its failure is the
 *   caller's.
 * - When Secrets Manager does not answer, what is connected goes on: PostgreSQL decides who may log in.
 */
export interface RotatingPool {
  /**
   * @throws DatabaseAuthenticationError, DatabaseConnectionError, DatabaseTlsError, SecretUnavailableError,
   *   SecretInvalidError, PoolEndedError, or what the statement ends with
   */
  query<R extends QueryResultRow>(
    text: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>>;
  /** Lends one connection, for a transaction say. Throws as {@link query} does, or what `work` throws. */
  withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /** The version of the secret that new work logs in with; undefined before the first. */
  readonly version: string | undefined;
  /** Waits for work in flight and closes everything. Leaves the secrets' client open. */
  end(): Promise<void>;
}

/** Connects to nothing before it is first used. */
export function rotatingPool<N extends string, S extends Readonly<Record<N, DatabaseLogin>>>(
  options: RotatingPoolOptions<N, S>,
): RotatingPool {
  const { client, name, ...rest } = options;
  return new FollowingPool({
    ...rest,
    name,
    get: () => client.get(name),
    refresh: (failedVersion) => client.refresh(name, { failedVersion }),
    pending: () => client.pending(name),
    currentVersion: () => client.version(name),
    onChange: (listener) => client.onChange(name, listener),
  });
}

type Login = SecretValue<DatabaseLogin>;

interface FollowingPoolOptions extends Omit<RotatingPoolOptions<string, never>, 'client'> {
  readonly get: () => Promise<Login>;
  readonly refresh: (failedVersion: string) => Promise<Login>;
  readonly pending: () => Promise<Login | undefined>;
  readonly currentVersion: () => string | undefined;
  readonly onChange: (listener: (value: Login) => void) => () => void;
}

/** invalid_authorization_specification and invalid_password */
const REFUSED_LOGIN = new Set<unknown>(['28000', '28P01']);
/** The first; the one after a recovery; and one more, for a rotation may follow on the heels of another. */
const LOGIN_ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
/** Before a version that could not log in is tried again, while the one before it works on. */
const TAKEOVER_RETRY_MS = 5_000;

class FollowingPool implements RotatingPool {
  #generation: PoolGeneration | undefined;
  #starting: Promise<void> | undefined;
  #recovery: Promise<void> | undefined;
  #takeover: Promise<void> | undefined;
  #takeoverRetry: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;
  readonly #retiring = new Set<Promise<void>>();
  readonly #stopListening: () => void;

  constructor(private readonly options: FollowingPoolOptions) {
    this.#stopListening = options.onChange((value) => this.#takeOverSoon(value));
  }

  get version(): string | undefined {
    return this.#generation?.version;
  }

  query<R extends QueryResultRow>(
    text: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>> {
    return this.withClient((client) => client.query<R>(text, values && [...values]));
  }

  async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const lease = await this.#lease();
    let result: T;
    try {
      result = await work(lease.client);
    } catch (error) {
      lease.giveBack(error);
      throw error;
    }
    lease.giveBack();
    return result;
  }

  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#stopListening();
    clearTimeout(this.#takeoverRetry);
    await Promise.allSettled([this.#starting, this.#recovery, this.#takeover]);
    if (this.#generation) this.#retire(this.#generation);
    await Promise.all(this.#retiring);
  }

  async #lease(): Promise<Lease> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#ending) throw new PoolEndedError('the pool was ended; make another, or end it later');
      if (!this.#generation) await (this.#starting ??= this.#start());
      const generation = this.#generation!;
      try {
        return await generation.lease();
      } catch (error) {
        if (!isRefused(error) || attempt === LOGIN_ATTEMPTS) {
          throw connectionError(error, generation.endpoint);
        }
        await this.#recover(generation, error);
      }
    }
  }

  async #start(): Promise<void> {
    try {
      let value = await this.options.get();
      this.#generation = await this.#make(value);
      // Changes that came meanwhile found no generation that they could take over from.
      value = await this.options.get().catch(() => value);
      this.#takeOverSoon(value);
    } finally {
      this.#starting = undefined;
    }
  }

  /** One after the other, so that the newest is the last. */
  #takeOverSoon(value: Login): void {
    clearTimeout(this.#takeoverRetry);
    this.#takeover = Promise.resolve(this.#takeover).then(() => this.#takeOver(value));
  }

  /** A new version came by itself: the old one probably works, so the new one has to show that it does. */
  async #takeOver(value: Login): Promise<void> {
    if (!this.#generation || this.#generation.version === value.version || this.#ending) return;
    try {
      await this.#adoptIfItWorks(value, 'a new version');
    } catch (error) {
      const { name, log, currentVersion } = this.options;
      log?.warn('the new version of the secret cannot log in; the old one stays in use', {
        secret: name,
        version: value.version,
        error,
      });
      if (currentVersion() !== value.version || this.#ending) return;
      this.#takeoverRetry = setTimeout(() => this.#takeOverSoon(value), TAKEOVER_RETRY_MS).unref();
    }
  }

  /** Puts a generation in the refused one's place that can log in; one search for all who were refused. */
  async #recover(refused: PoolGeneration, refusal: unknown): Promise<void> {
    if (this.#generation !== refused) return;
    await (this.#recovery ??= this.#search(refused, refusal).finally(() => {
      this.#recovery = undefined;
    }));
  }

  async #search(refused: PoolGeneration, refusal: unknown): Promise<void> {
    const tried = new Set([refused.version]);
    const problems: string[] = [];
    for (const read of this.#places(refused.version)) {
      const value = await read().catch((error: unknown) => void problems.push(saidBy(error)));
      if (!value || tried.has(value.version)) continue;
      tried.add(value.version);
      try {
        return await this.#adoptIfItWorks(value, 'a refused login');
      } catch (error) {
        problems.push(`version ${value.version}: ${saidBy(error)}`);
      }
    }
    const { host, port, user } = refused.endpoint;
    const also = problems.length > 0 ? `; then ${problems.join('; ')}` : '';
    throw new DatabaseAuthenticationError(
      `${host}:${port} refused role "${user}" with version ${refused.version} of secret "${this.options.name}": ` +
        `${saidBy(refusal)}${also}; see that the secret holds the role's current password, and that pg_hba.conf lets it in`,
      { cause: refusal },
    );
  }

  /** Where a login may be that works, the likeliest first. */
  #places(failedVersion: string): (() => Promise<Login | undefined>)[] {
    const { refresh, pending, tryPending = true } = this.options;
    const current = (): Promise<Login> => refresh(failedVersion);
    // Once more at the end: a rotation that finished between the first two reads was in neither.
    return tryPending ? [current, pending, current] : [current];
  }

  async #adoptIfItWorks(value: Login, because: string): Promise<void> {
    const next = await this.#make(value);
    try {
      await next.prove();
    } catch (error) {
      this.#retire(next);
      throw connectionError(error, next.endpoint);
    }
    const before = this.#generation;
    if (this.#ending || before?.version === next.version) return this.#retire(next);
    this.#generation = next;
    if (before) this.#retire(before);
    this.options.log?.info('connections follow the secret', {
      secret: this.options.name,
      from: before?.version,
      to: next.version,
      role: next.endpoint.user,
      because,
    });
  }

  async #make(value: Login): Promise<PoolGeneration> {
    const { name, caFile, settings, log } = this.options;
    const { host, port, username: user, password, dbname } = value.reveal();
    const database = this.options.database ?? dbname;
    if (database === undefined) {
      throw new SecretsClientConfigurationError(
        `secret "${name}" names no database, nor does the pool; give the pool one`,
      );
    }
    return await PoolGeneration.of(
      value.version,
      { host, port, database, user, password, caFile },
      { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...settings },
      // Not the error itself: node-postgres hangs the client onto it.
      (error) => log?.info('an idle connection was lost', { secret: name, reason: saidBy(error) }),
    );
  }

  #retire(generation: PoolGeneration): void {
    const ended = generation.retire().finally(() => this.#retiring.delete(ended));
    this.#retiring.add(ended);
  }
}

function isRefused(error: unknown): boolean {
  return REFUSED_LOGIN.has((error as { code?: unknown }).code);
}
