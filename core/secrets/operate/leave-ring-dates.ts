import { TagResourceCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { currentKey, nextKey, type KeyRing } from '../key-ring/ring';
import { ringDatesTag } from '../status/ring-dates';

/**
 * Leaves a ring's dates on its secret, so that the monitor, who may read no key, sees how old they are.
 *
 * @param versionId the secret's version that holds this ring
 * @throws what Secrets Manager says
 */
export async function leaveRingDates(
  secretsManager: SecretsManagerClient,
  secretArn: string,
  versionId: string,
  ring: KeyRing,
): Promise<void> {
  const { activatedAt, createdAt } = currentKey(ring);
  const next = nextKey(ring);
  const dates = {
    versionId,
    currentSince: new Date(activatedAt ?? createdAt),
    nextSince: next && new Date(next.publishedAt ?? next.createdAt),
  };
  await secretsManager.send(new TagResourceCommand({ SecretId: secretArn, Tags: [ringDatesTag(dates)] }));
}
