import * as z from 'zod';

const Port = z.coerce.number().int().min(0).max(65_535);
const Arn = z.string().regex(/^arn:[\w-]+:secretsmanager:/, 'the ARN of a secret');

/**
 * What the gateway is told at its start. Whoever deploys it writes the variables by this schema, so it imports nothing
 * but zod. No secret is among them: the gateway is told ARNs and reads the values itself.
 */
export const GatewayEnvironment = z.object({
  /** The environment's name, such as `prod`. */
  GOLIVE_ENV: z.string().min(1),
  /** Which build this is: the image's tag or digest. */
  SERVICE_VERSION: z.string().min(1).default('unversioned'),
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  /** Where the load balancer comes in. Nothing that a client says of traces or of other clients is believed here. */
  PORT: Port.default(8080),
  /** Where the frontend comes in. What it says of traces and of its client is believed. */
  INTERNAL_PORT: Port.default(8081),
  /** The interface on which both are served. */
  BIND_ADDRESS: z.string().min(1).default('0.0.0.0'),
  /** Prometheus metrics, on the loopback interface alone. */
  METRICS_PORT: Port.default(9464),
  /** The services' login at PostgreSQL. */
  DATABASE_SECRET_ARN: Arn,
  /** Certificate authorities of the database. @default RDS's own, which the image holds */
  DATABASE_CA_FILE: z.string().optional(),
  /** At most so many connections are open from one task. */
  DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(10),
  /** The cache's user: `username` and `password`. */
  CACHE_SECRET_ARN: Arn,
  CACHE_HOST: z.string().min(1),
  CACHE_PORT: Port.default(6379),
  /** Certificate authorities of the cache. @default those that Node knows */
  CACHE_CA_FILE: z.string().optional(),
  /** The key ring that signs tokens. */
  JWT_SECRET_ARN: Arn,
  /** The life of a token. At most `secrets.jwt.maxTokenMinutes` of the configuration. */
  TOKEN_MINUTES: z.coerce.number().int().min(1).default(60),
  /** Requests that one address may make in a minute, over all tasks. */
  RATE_LIMIT_ADDRESS_PER_MINUTE: z.coerce.number().int().min(1).default(600),
  /** Requests that one user may make in a minute, over all tasks. */
  RATE_LIMIT_USER_PER_MINUTE: z.coerce.number().int().min(1).default(600),
  /** The oldest copy of a secret that is still used when Secrets Manager cannot be reached, seconds. */
  SECRETS_STALE_SECONDS: z.coerce.number().int().min(60).default(3600),
  /** The name or ARN of the secret with Sentry's DSN. @default no Sentry */
  SENTRY_DSN_SECRET_ID: z.string().optional(),
  OTEL_ENABLED: z.stringbool().default(false),
  /** The collector. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().default('http://127.0.0.1:4318'),
  /** The share of requests that are traced, 0 to 1. */
  OTEL_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(0.05),
  /** Of the traces that begin here at most so many are recorded in a second. @default no limit */
  OTEL_TRACES_PER_SECOND: z.coerce.number().min(1).optional(),
  /** After SIGTERM the gateway has so long for what it has begun, seconds. Less than the container's stop time-out. */
  SHUTDOWN_SECONDS: z.coerce.number().min(0).max(120).default(20),
  /**
   * Of those, so many it goes on serving as before, and only says that it is not ready: whoever sends requests needs
   * that long to learn of it. At most half of them.
   */
  SHUTDOWN_DELAY_SECONDS: z.coerce.number().min(0).max(60).default(5),
});

export type GatewayEnvironment = z.output<typeof GatewayEnvironment>;
