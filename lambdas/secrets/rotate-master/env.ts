import * as z from 'zod';
import { CaFile } from '../../shared/database-authorities';

/** What the rotation of the admin's credentials is told. */
export const RotateMasterEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  DATABASE_CA_FILE: CaFile,
});
