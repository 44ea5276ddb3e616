import * as z from 'zod';
import { CaFile } from '../../shared/database-authorities';

/**
 * What the bootstrap function is told. Which roles, secrets and database it is about stands in the properties of the
 * custom resource, so that a change of them is an update that CloudFormation asks it for.
 */
export const BootstrapEnvironment = z.object({
  DATABASE_CA_FILE: CaFile,
});
