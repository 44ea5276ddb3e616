import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createLogger } from '../../../services/observability/src';
import { bootstrapRoles } from '../../../core/secrets/bootstrap';
import { newRing } from '../../../core/secrets/key-ring';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { startLocalRedis, type LocalRedis } from '../../../local/redis';
import { Supervisor } from '../../../local/supervisor';
import { GatewayEnvironment } from '../../../services/gateway/src/environment';
import { gatewayApi, type GatewayApiOptions } from '../../../services/gateway/src/gateway-api';
import type { App } from '../../../services/gateway/src/http/app-types';
import { gatewayMetrics, type Metrics } from '../../../services/gateway/src/metrics/metrics';
import { runMigrations } from '../../../services/gateway/src/migrations/run-migrations';
import { openParts, type Parts, type PartsOptions } from '../../../services/gateway/src/parts';
import { saveUser } from '../../../services/gateway/src/users/save-user';
import { MemorySecretsManager } from '../../support/memory-secrets-manager';
import { until } from '../../support/processes';

export const MIGRATIONS = join(__dirname, '../../../services/gateway/migrations');
export const OWNER = 'golive_owner';
export const CACHE_USER = 'golive';
/** As `lib/database/cache.ts` has it. */
export const CACHE_ACCESS = 'on ~* &* +@all -@admin -@dangerous';
/** As weak as it can be: a test has no time. */
export const CHEAP = { logN: 4, r: 8, p: 1 } as const;
export const ADA = { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery' } as const;

/** A real PostgreSQL with the product's roles, a real Redis with its user, and the secrets that say so. */
export interface GatewayWorld {
  readonly supervisor: Supervisor;
  readonly postgres: LocalPostgres;
  readonly redis: LocalRedis;
  readonly memory: MemorySecretsManager;
  readonly arns: Readonly<Record<'database' | 'cache' | 'jwt' | 'master', string>>;
  /** What the gateway is told at its start. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startGatewayWorld(): Promise<GatewayWorld> {
  const supervisor = Supervisor.start();
  try {
    const [postgres, redis] = await Promise.all([
      startPostgres({ supervisor, settings: { max_connections: '100' } }),
      startLocalRedis(supervisor),
    ]);
    const login = (username: string) => ({ username, password: randomBytes(24).toString('base64url') });
    const [app, backup, cache] = [login('golive_app'), login('golive_backup'), login(CACHE_USER)];
    await Promise.all([
      bootstrapRoles({ connect: postgres.master, owner: OWNER, app, backup }),
      redis.setUser(CACHE_USER, CACHE_ACCESS, [cache.password]),
    ]);
    const memory = new MemorySecretsManager();
    const { host, port, database, user, password } = postgres.master;
    const place = { engine: 'postgres', host, port, dbname: database };
    const policy = { publishSeconds: 60, cacheSeconds: 60, maxTokenSeconds: 3600, backupSeconds: 60 };
    const master = memory.createSecret({ ...place, username: user, password });
    const arns = {
      master,
      database: memory.createSecret({ ...place, ...app, masterarn: master }),
      cache: memory.createSecret(cache),
      jwt: memory.createSecret(newRing('EdDSA', new Date(Date.now() - 60_000), policy)),
    };
    return {
      supervisor,
      postgres,
      redis,
      memory,
      arns,
      environment: {
        GOLIVE_ENV: 'test',
        SERVICE_VERSION: '1.2.3',
        BIND_ADDRESS: '127.0.0.1',
        PORT: '0',
        INTERNAL_PORT: '0',
        METRICS_PORT: '0',
        DATABASE_SECRET_ARN: arns.database,
        DATABASE_CA_FILE: postgres.caFile,
        CACHE_SECRET_ARN: arns.cache,
        CACHE_HOST: redis.host,
        CACHE_PORT: String(redis.port),
        CACHE_CA_FILE: redis.caFile,
        JWT_SECRET_ARN: arns.jwt,
      },
      stop: () => supervisor.stop(),
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** The gateway's API in this process, on the world's database and cache. */
export interface Gateway {
  readonly app: App;
  readonly parts: Parts;
  readonly metrics: Metrics;
  /** Every line that was logged. */
  readonly logged: string[];
  /** A request as somebody who is signed in, or nobody. */
  ask(method: Method, path: string, options?: AskOptions): Promise<Answer>;
  /** Signs in and gives the token. */
  signIn(user?: { readonly email: string; readonly password: string }): Promise<string>;
  stop(): Promise<void>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

export interface AskOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface GatewayOptions {
  /** Whether to wait until the cache is connected. @default true */
  readonly waitsForCache?: boolean;
  readonly parts?: Partial<Omit<PartsOptions, 'log'>>;
  readonly api?: Partial<GatewayApiOptions>;
  readonly variables?: Readonly<Record<string, string>>;
}

export async function openGateway(world: GatewayWorld, options: GatewayOptions = {}): Promise<Gateway> {
  const environment = GatewayEnvironment.parse({ ...world.environment, ...options.variables });
  const logged: string[] = [];
  const log = createLogger({
    service: 'gateway',
    environment: 'test',
    version: '1.2.3',
    level: 'DEBUG',
    destination: { write: (line) => void logged.push(line) },
  });
  const metrics = gatewayMetrics({
    waitingForDatabase: () => parts.database.waiting(),
    isCacheReady: () => parts.cache.isReady,
  });
  const parts = await openParts(environment, {
    log,
    secretsManager: world.memory.client,
    onMetric: (metric) => metrics.secret(metric),
    ...options.parts,
  });
  const app = await gatewayApi({
    environment: environment.GOLIVE_ENV,
    version: environment.SERVICE_VERSION,
    perMinute: { address: 1_000_000, user: 1_000_000 },
    tokenSeconds: 3600,
    database: parts.database.client,
    cache: parts.cache,
    tokens: parts.tokens,
    metrics,
    logger: log,
    isStopping: () => false,
    signIn: { cost: CHEAP },
    ...options.api,
  });
  const stop = async (): Promise<void> => {
    await app.close();
    await parts.close();
  };
  const ask: Gateway['ask'] = async (method, path, { token, body, headers, from = '192.0.2.1' } = {}) => {
    const answer = await app.inject({
      method,
      url: path,
      remoteAddress: from,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    });
    const isJson = /json/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      headers: answer.headers as Answer['headers'],
      body: isJson ? answer.json<Answer['body']>() : {},
      text: answer.body,
    };
  };
  await until(() => options.waitsForCache === false || parts.cache.isReady).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    app,
    parts,
    metrics,
    logged,
    ask,
    signIn: async ({ email, password } = ADA) => {
      const { body } = await ask('POST', '/api/v1/sessions', { body: { email, password } });
      return body['token'] as string;
    },
    stop,
  };
}

/** A world whose database is in its newest form, and knows Ada. */
export async function startMigratedWorld(): Promise<GatewayWorld> {
  const world = await startGatewayWorld();
  try {
    const log = { info: () => undefined };
    await asApp(world, (client) => runMigrations({ client, folder: MIGRATIONS, owner: OWNER, log }));
    await addUser(world);
    return world;
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** As the services' login, which acts as the owner. */
export async function asApp<T>(
  world: GatewayWorld,
  work: Parameters<typeof world.postgres.query<T>>[1],
): Promise<T> {
  const { username: user, password } = JSON.parse(
    world.memory.at(world.arns.database, 'AWSCURRENT')!.value!,
  ) as {
    username: string;
    password: string;
  };
  return await world.postgres.query({ ...world.postgres.master, user, password }, work);
}

export async function addUser(
  world: GatewayWorld,
  user: typeof ADA | { email: string; name: string; password: string } = ADA,
) {
  return await asApp(world, (client) => saveUser(client, user, CHEAP));
}
