import * as z from 'zod';

const Digits = z.string().regex(/^[1-9]\d*$/, 'expected a whole number of at least 1');

/** What the dump function is told: the type of its construct's `environment` and its check at run time. */
export const DumpEnvironment = z.object({
  DATABASE_INSTANCE_IDENTIFIER: z.string().min(1),
  /** RDS's immutable id (`db-ABC…`), kept in the manifest. */
  DATABASE_RESOURCE_ID: z.string().min(1),
  /** The database to dump; host, port, user and password come from the secret. */
  DATABASE_NAME: z.string().min(1),
  /** Of the login that dumps: the administrator's, or the read-only one. */
  DATABASE_SECRET_ARN: z.string().min(1),
  VAULT_BUCKET: z.string().min(1),
  /** Whether a task is there to take what is too large for a function. */
  RUNNER: z.enum(['function', 'task', 'auto']),
  /** Of the fingerprint that is taken beside the dump. */
  FINGERPRINT_CONNECTIONS: Digits,
  /** Tables with more are counted only. Absent: none. */
  FINGERPRINT_MAX_TABLE_BYTES: Digits.optional(),
  /** PEM file of the certificate authorities to trust. Absent: the RDS bundle inside the image. */
  DATABASE_CA_FILE: z.string().min(1).optional(),
});
