import type * as z from 'zod';
import { alternatingUsers, singleUser, type DatabaseSecretWithMaster } from '../../../core/secrets/rotation';
import { defineRotation, type RotationMeans } from '../../shared/define-rotation';
import { RotateAppEnvironment } from './env';

type Means = RotationMeans<z.output<typeof RotateAppEnvironment>>;

const optionsOf = ({ secretsManager, environment, signal }: Means) => ({
  secretsManager,
  signal,
  caFile: environment.DATABASE_CA_FILE,
  ownerRole: environment.OWNER_ROLE,
});

/** Rotates the services' login: two users in turns, each acting as the owner of everything. */
export const handler = defineRotation({
  name: 'secrets/rotate-app',
  environment: RotateAppEnvironment,
  strategy: (means) => alternatingUsers(optionsOf(means)),
  tryCurrent: (means, current: z.output<typeof DatabaseSecretWithMaster>) =>
    singleUser({ mode: 'self', ...optionsOf(means) }).test({
      current,
      pending: current,
      previous: undefined,
    }),
});
