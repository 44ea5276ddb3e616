import * as z from 'zod';

const Arn = z.string().regex(/^arn:[\w-]+:secretsmanager:[^:]*:\d*:secret:.+/, 'the ARN of a secret');

/** What the container is told that prepares the others of `docker-compose.yml`. */
export const PrepareEnvironment = z.object({
  /** The services' login at PostgreSQL. */
  DATABASE_SECRET_ARN: Arn,
  /** The cache's user. */
  CACHE_SECRET_ARN: Arn,
  /** The key ring that signs tokens. */
  JWT_SECRET_ARN: Arn,
  /** What the services call PostgreSQL: it stands in its certificate. */
  DATABASE_HOST: z.string().min(1).default('postgres'),
  DATABASE_PORT: z.coerce.number().int().min(1).max(65_535).default(5432),
  DATABASE_NAME: z.string().min(1).default('golive'),
  /** Who may do everything there, and makes the roles. */
  DATABASE_SUPERUSER: z.string().min(1).default('golive_admin'),
  /** What the services call the cache: it stands in its certificate. */
  CACHE_HOST: z.string().min(1).default('valkey'),
  /** Holds a folder for each volume. */
  FOLDER: z.string().min(1).default('/prepared'),
});

export type PrepareEnvironment = z.output<typeof PrepareEnvironment>;
