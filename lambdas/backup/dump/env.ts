import * as z from 'zod';

/** What the dump function is told: the type of its construct's `environment` and its check at run time. */
export const DumpEnvironment = z.object({
  DATABASE_INSTANCE_IDENTIFIER: z.string().min(1),
  /** RDS's immutable id (`db-ABC…`), kept in the manifest. */
  DATABASE_RESOURCE_ID: z.string().min(1),
  /** The database to dump; host, port, user and password come from the secret. */
  DATABASE_NAME: z.string().min(1),
  /** The secret attached to the instance. */
  DATABASE_SECRET_ARN: z.string().min(1),
  VAULT_BUCKET: z.string().min(1),
  /** PEM file of the certificate authorities to trust. Absent: the RDS bundle inside the image. */
  DATABASE_CA_FILE: z.string().min(1).optional(),
});
