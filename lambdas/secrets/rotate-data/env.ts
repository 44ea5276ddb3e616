import * as z from 'zod';
import { jsonOrUndefined } from '../../../core/shared/json';
import { CaFile } from '../../shared/database-authorities';
import { WholeNumber } from '../../shared/env';

/** What the rotation of the keys that encrypt data is told. */
export const RotateDataEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  /** A key encrypts once it has been published for as long as this. */
  PUBLISH_SECONDS: WholeNumber,
  /** The oldest ring that a service still uses. */
  CACHE_SECONDS: WholeNumber,
  /** How old a backup may be that is restored: for so long after its last ciphertext a key is kept. */
  BACKUP_SECONDS: WholeNumber,
  /** The read-only login with which ciphertext is counted before a key is dropped. */
  DATABASE_SECRET_ARN: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  /** JSON list of `{table, column}` that hold ciphertext, a table with its schema. Empty: no key is ever dropped. */
  ENCRYPTED_COLUMNS: z
    .string()
    .transform((text) => jsonOrUndefined(text))
    .pipe(z.array(z.object({ table: z.string().min(1), column: z.string().min(1) }))),
  DATABASE_CA_FILE: CaFile,
});
