import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  TagResourceCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import {
  currentKey,
  KeyRing,
  keyRingStrategy,
  nextKey,
  type KeyRingStrategyOptions,
} from '../../core/secrets/key-ring';
import { ringDatesTag } from '../../core/secrets/status/ring-dates';
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
  const ring = KeyRing.parse(jsonOrUndefined(SecretString));
  const { activatedAt, createdAt } = currentKey(ring);
  const next = nextKey(ring);
  const dates = {
    versionId,
    currentSince: new Date(activatedAt ?? createdAt),
    nextSince: next && new Date(next.publishedAt ?? next.createdAt),
  };
  await secretsManager.send(new TagResourceCommand({ SecretId: secretArn, Tags: [ringDatesTag(dates)] }));
}
