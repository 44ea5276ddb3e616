import { Port } from 'aws-cdk-lib/aws-ec2';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { GatewayEnvironment } from '../../services/gateway/src/environment';
import type { EnvironmentConfig } from '../config';
import type { Cache } from '../database/cache';
import { type Postgres, POSTGRES_PORT } from '../database/postgres';
import type { PlatformSecrets } from '../secrets/platform-secrets';
import type { PlatformSettings } from '../shared/platform-settings';
import type { KeyedSecret } from '../shared/secret-access';
import type { ServiceImage } from './service-image';
import { WebService } from './web-service';
import type { ManagedVariable } from './web-service-environment';

/** Where the load balancer comes in: nothing that a client says of itself is believed there. */
export const GATEWAY_PORT = { name: 'edge', port: 8080 } as const;
/** Where the frontend comes in, which is believed. */
export const GATEWAY_INTERNAL_PORT = { name: 'internal', port: 8081 } as const;
/** On the loopback interface. */
const METRICS_PORT = 9464;

export interface GatewayProps {
  readonly platform: PlatformSettings;
  readonly config: EnvironmentConfig;
  readonly cluster: ICluster;
  readonly image: ServiceImage;
  readonly postgres: Postgres;
  readonly cache: Cache;
  readonly secrets: PlatformSecrets;
}

type GatewayVariables = Omit<z.input<typeof GatewayEnvironment>, ManagedVariable>;

/** The API, with its way to PostgreSQL and to the cache. */
export function addGateway(
  scope: Construct,
  id: string,
  props: GatewayProps,
): WebService<typeof GatewayEnvironment> {
  const { platform, config, cluster, image, postgres, cache } = props;
  const gateway = new WebService(scope, id, {
    platform,
    cluster,
    image,
    name: 'gateway',
    services: config.services,
    contract: GatewayEnvironment,
    environment: gatewayVariables(props),
    secrets: gatewaySecrets(props),
    ports: [GATEWAY_PORT, GATEWAY_INTERNAL_PORT],
    foundAt: GATEWAY_INTERNAL_PORT,
    scratch: ['/tmp'],
    metrics: { port: METRICS_PORT, names: GATEWAY_METRICS },
  });
  // The rules that let it in stand in this stack, so that the Database stack knows nothing of it.
  gateway.connections.allowTo(postgres, Port.tcp(POSTGRES_PORT), 'The gateway');
  gateway.connections.allowTo(cache, Port.tcp(cache.primaryEndpoint.port), 'The gateway');
  return gateway;
}

/** What the gateway is told beside what every service is told; its migrations are told the same. */
export function gatewayVariables({ config, cache, secrets }: GatewayProps): GatewayVariables {
  return {
    PORT: GATEWAY_PORT.port,
    INTERNAL_PORT: GATEWAY_INTERNAL_PORT.port,
    METRICS_PORT,
    DATABASE_SECRET_ARN: secrets.app.secretArn,
    DATABASE_CONNECTIONS: config.services.gateway.databaseConnections,
    CACHE_SECRET_ARN: cache.userSecret.secretArn,
    CACHE_HOST: cache.primaryEndpoint.address,
    CACHE_PORT: cache.primaryEndpoint.port,
    JWT_SECRET_ARN: secrets.jwt.secretArn,
    TOKEN_MINUTES: config.services.gateway.tokenMinutes,
    SECRETS_STALE_SECONDS: config.secrets.cacheSeconds,
  };
}

/** What the gateway reads at run time. */
export function gatewaySecrets({ secrets, cache }: Pick<GatewayProps, 'secrets' | 'cache'>): KeyedSecret[] {
  return [secrets.app, secrets.jwt, cache.keyedSecret];
}

/**
 * Of what the gateway shows, what alarms and dashboards know: whether work waits for a connection, whether the cache is
 * there, who is refused for the number of his requests, and whether the process is too busy to answer.
 */
export const GATEWAY_METRICS = [
  'gateway_database_waiting',
  'gateway_cache_ready',
  'gateway_rate_limited_total',
  'nodejs_eventloop_lag_p99_seconds',
] as const;
