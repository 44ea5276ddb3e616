import * as z from 'zod';
import { CaFile } from '../../shared/database-authorities';

/** What the rotation of the services' login is told. */
export const RotateAppEnvironment = z.object({
  /** The only secret that this function rotates. */
  SECRET_ARN: z.string().min(1),
  /** The role that owns everything, which each login acts as. */
  OWNER_ROLE: z.string().min(1),
  DATABASE_CA_FILE: CaFile,
});
