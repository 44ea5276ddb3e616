import { join } from 'node:path';
import * as z from 'zod';

/**
 * RDS's certificate authorities, beside the bundle: a zip whose code names this file gets it (`withAssetFolder`), an
 * image always.
 */
const BESIDE_THE_BUNDLE = join(process.env['LAMBDA_TASK_ROOT'] ?? __dirname, 'rds-ca.pem');

/** PEM file of the certificate authorities to trust. Absent: those of RDS, which come with the function. */
export const CaFile = z.string().min(1).default(BESIDE_THE_BUNDLE);
