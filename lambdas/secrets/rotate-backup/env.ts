import * as z from 'zod';
import { CaFile } from '../../shared/database-authorities';

/** What the rotation of the dumps' login is told. */
export const RotateBackupEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  /** The one role whose password it has the master set, whatever the secret says. */
  USERNAME: z.string().min(1),
  DATABASE_CA_FILE: CaFile,
});
