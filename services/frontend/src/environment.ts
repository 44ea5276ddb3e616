import * as z from 'zod';

/** What the frontend is told at its start. Whoever deploys it writes the variables by this schema. */
export const FrontendEnvironment = z.object({
  /** The environment's name, such as `prod`. */
  GOLIVE_ENV: z.string().min(1),
  /** Which build this is: the image's tag or digest. */
  SERVICE_VERSION: z.string().min(1).default('unversioned'),
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** The interface on which it is served. */
  BIND_ADDRESS: z.string().min(1).default('0.0.0.0'),
  /** The gateway's internal port. */
  GATEWAY_URL: z.url(),
  /** The address that people type, such as `https://golive.example`: what a form may be sent from. */
  PUBLIC_ORIGIN: z.url(),
  /** The name or ARN of the secret with Sentry's DSN. @default no Sentry */
  SENTRY_DSN_SECRET_ID: z.string().optional(),
  OTEL_ENABLED: z.stringbool().default(false),
  /** The collector. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().default('http://127.0.0.1:4318'),
  /** The share of requests that are traced, 0 to 1. */
  OTEL_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(0.05),
  /** Of the traces that begin here at most so many are recorded in a second. @default no limit */
  OTEL_TRACES_PER_SECOND: z.coerce.number().min(1).optional(),
  /** After SIGTERM the frontend has so long for what it has begun, seconds. */
  SHUTDOWN_SECONDS: z.coerce.number().min(0).max(120).default(20),
  /**
   * Of those, so many it goes on serving as before, and only says that it is not ready: whoever sends requests needs
   * that long to learn of it. At most half of them.
   */
  SHUTDOWN_DELAY_SECONDS: z.coerce.number().min(0).max(60).default(5),
});

export type FrontendEnvironment = z.output<typeof FrontendEnvironment>;
