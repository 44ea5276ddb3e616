import type { FastifyBaseLogger } from 'fastify';
import type { TokenKeys } from '../../../core/secrets/client';
import type { Cache } from './cache/cache';
import { CachedReads } from './cache/cached-reads';
import type { Database } from './database/database';
import type { App } from './http/app-types';
import { authenticate } from './http/authenticate';
import { buildApp } from './http/build-app';
import { Limiter } from './limits/limiter';
import type { Metrics } from './metrics/metrics';
import { Deployments } from './projects/deployments';
import { KnownProject, Projects } from './projects/projects';
import { statusReader } from './projects/status';
import { deploymentRoutes } from './routes/deployments';
import { healthRoutes } from './routes/health';
import { keyRoutes } from './routes/keys';
import { peopleRoutes } from './routes/people';
import { projectRoutes } from './routes/projects';
import { sessionRoutes } from './routes/sessions';
import { statusRoutes } from './routes/status';
import { OpenSession, Sessions } from './sessions/sessions';
import { SignIn, type SignInOptions } from './sessions/sign-in';

export interface GatewayApiOptions {
  /** `prod`, … */
  readonly environment: string;
  readonly version: string;
  /** Requests that one may make in a minute. */
  readonly perMinute: { readonly address: number; readonly user: number };
  readonly tokenSeconds: number;
  readonly database: Database;
  readonly cache: Cache;
  readonly tokens: TokenKeys;
  readonly metrics: Pick<Metrics, 'request' | 'requestBegins' | 'limited' | 'cacheRead'>;
  readonly logger: FastifyBaseLogger;
  readonly isStopping: () => boolean;
  /** @default what `sign-in.ts` and `password.ts` say */
  readonly signIn?: Pick<SignInOptions, 'cost' | 'limits'>;
}

/**
 * How long copies live, seconds. A sign-out or a change reaches everybody at once while the cache is there; these are
 * how late it may be where it was not.
 */
const SESSION_SECONDS = 30;
const PROJECT_SECONDS = 60;

/** The whole API, put together from its parts. */
export async function gatewayApi(options: GatewayApiOptions): Promise<App> {
  const { environment, version, perMinute, database, cache, tokens, metrics } = options;
  const { logger, isStopping, tokenSeconds } = options;
  const onOutcome = metrics.cacheRead;
  const sessions = new Sessions({
    database,
    tokens,
    cached: new CachedReads({
      cache,
      prefix: 'golive:session:1',
      schema: OpenSession,
      seconds: SESSION_SECONDS,
      onOutcome,
    }),
    issuer: `golive:${environment}`,
    seconds: tokenSeconds,
  });
  const projects = new Projects(
    database,
    new CachedReads({
      cache,
      prefix: 'golive:project:1',
      schema: KnownProject,
      seconds: PROJECT_SECONDS,
      onOutcome,
    }),
  );
  const deployments = new Deployments(database);
  const signIn = new SignIn({ database, cache, onExceeded: metrics.limited, ...options.signIn });
  const readStatus = statusReader({ database, cache, environment, version });
  const perUser = new Limiter({ name: 'user', points: perMinute.user, seconds: 60 }, cache, metrics.limited);
  const perAddress = new Limiter(
    { name: 'address', points: perMinute.address, seconds: 60 },
    cache,
    metrics.limited,
  );
  const authenticated = authenticate(sessions, perUser);
  return await buildApp({
    logger,
    version,
    perAddress,
    metrics,
    isStopping,
    routes: (app) => {
      healthRoutes(app, { database, cache, isStopping });
      keyRoutes(app, { tokens });
      sessionRoutes(app, { authenticated, sessions, signIn });
      peopleRoutes(app, { authenticated, database });
      projectRoutes(app, { authenticated, projects });
      deploymentRoutes(app, { authenticated, deployments });
      statusRoutes(app, { authenticated, readStatus });
    },
  });
}
