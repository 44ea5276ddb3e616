import { DEFAULT_KEY_RING_POLICY } from '../../../core/secrets/key-ring';
import { defineKeyRingRotation } from '../../shared/define-key-ring-rotation';
import { RotateJwtEnvironment } from './env';

/** Turns the key ring that signs tokens. */
export const handler = defineKeyRingRotation({
  name: 'secrets/rotate-jwt',
  environment: RotateJwtEnvironment,
  ring: ({ environment }) => ({
    algorithm: environment.ALGORITHM,
    policy: {
      ...DEFAULT_KEY_RING_POLICY,
      publishSeconds: environment.PUBLISH_SECONDS,
      cacheSeconds: environment.CACHE_SECONDS,
      maxTokenSeconds: environment.MAX_TOKEN_SECONDS,
    },
  }),
});
