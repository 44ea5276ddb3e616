import { singleUser, type RotatedDatabaseSecret } from '../../../core/secrets/rotation';
import { defineRotation, type RotationMeans } from '../../shared/define-rotation';
import type * as z from 'zod';
import { RotateMasterEnvironment } from './env';

type Means = RotationMeans<z.output<typeof RotateMasterEnvironment>>;

/** The administrator sets its own password: nobody stands above it. */
const strategy = ({ secretsManager, environment, signal }: Means) =>
  singleUser({ mode: 'self', secretsManager, signal, caFile: environment.DATABASE_CA_FILE });

/** Rotates the database's administrator. */
export const handler = defineRotation({
  name: 'secrets/rotate-master',
  environment: RotateMasterEnvironment,
  strategy,
  tryCurrent: (means, current: RotatedDatabaseSecret) =>
    strategy(means).test({ current, pending: current, previous: undefined }),
});
