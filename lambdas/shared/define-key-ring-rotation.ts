import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { KeyRing, keyRingStrategy, type KeyRingStrategyOptions } from '../../core/secrets/key-ring';
import { leaveRingDates } from '../../core/secrets/operate/leave-ring-dates';
import { jsonOrUndefined } from '../../core/shared/json';
import { defineRotation, type RotationMeans } from './define-rotation';

export interface KeyRingRotationDefinition<Environment extends z.ZodType<{ readonly SECRET_ARN: string }>> {
  /** The function's folder under `lambdas/`: `secrets/rotate-jwt`. */
  readonly name: string;
  readonly environment: Environment;
  readonly ring: (
    means: RotationMeans<z.output<Environment>>,
  ) => Pick<KeyRingStrategyOptions, 'algorithm' | 'policy' | 'census'>;
}

/** {@link defineRotation} of a key ring, whose dates are left for the monitor, who may read no key. */
export function defineKeyRingRotation<Environment extends z.ZodType<{ readonly SECRET_ARN: string }>>({
  name,
  environment,
  ring,
}: KeyRingRotationDefinition<Environment>) {
  return defineRotation({
    name,
    environment,
    strategy: (means) => {
      const { secretsManager, logger } = means;
      const { SECRET_ARN: secretArn } = means.environment;
      return keyRingStrategy({
        ...ring(means),
        publishedAt: () => lastRotated(secretsManager, secretArn),
        log: {
          info: (message, fields) => logger.info(message, { ...fields }),
          warn: (message, fields) => logger.warn(message, { ...fields }),
        },
      });
    },
    whenFinished: ({ secretsManager, environment: { SECRET_ARN: secretArn } }, versionId) =>
      leaveDates(secretsManager, secretArn, versionId),
  });
}

async function lastRotated(
  secretsManager: SecretsManagerClient,
  secretArn: string,
): Promise<Date | undefined> {
  const { LastRotatedDate } = await secretsManager.send(new DescribeSecretCommand({ SecretId: secretArn }));
  return LastRotatedDate;
}

async function leaveDates(
  secretsManager: SecretsManagerClient,
  secretArn: string,
  versionId: string,
): Promise<void> {
  const { SecretString } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretArn, VersionId: versionId }),
  );
  await leaveRingDates(secretsManager, secretArn, versionId, KeyRing.parse(jsonOrUndefined(SecretString)));
}
