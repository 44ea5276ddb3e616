import type * as z from 'zod';
import { singleUser, type DatabaseSecretWithMaster } from '../../../core/secrets/rotation';
import { defineRotation, type RotationMeans } from '../../shared/define-rotation';
import { RotateBackupEnvironment } from './env';

type Means = RotationMeans<z.output<typeof RotateBackupEnvironment>>;

/** The master sets it, for a login that may only read has no business to change anything. */
const strategy = ({ secretsManager, environment, signal }: Means) =>
  singleUser({
    mode: 'by-master',
    secretsManager,
    signal,
    caFile: environment.DATABASE_CA_FILE,
    username: environment.USERNAME,
    readOnly: true,
  });

/** Rotates the dumps' login. */
export const handler = defineRotation({
  name: 'secrets/rotate-backup',
  environment: RotateBackupEnvironment,
  strategy,
  tryCurrent: (means, current: z.output<typeof DatabaseSecretWithMaster>) =>
    strategy(means).test({ current, pending: current, previous: undefined }),
});
