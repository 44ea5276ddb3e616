import type { ECSClient } from '@aws-sdk/client-ecs';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GoLiveError, saidBy } from '../../shared/errors';
import { inParallel } from '../../shared/in-parallel';
import type { SecretName } from '../catalogue';
import type { SecretsOperations } from '../operations';
import { listServices } from '../pick-up/services';
import type { Observed, SecretsFacts, SecretState } from './facts';
import { readSecretState } from './secret-state';
import { listenToClock } from './service-clock';

export interface StatusClients {
  readonly secretsManager: SecretsManagerClient;
  readonly ecs: ECSClient;
}

/** Secrets Manager allows far more; it is the burst at the start of every hour that we spare. */
const SECRETS_AT_ONCE = 3;

/**
 * Reads all that is known of the secrets, and never what they are. Each part stands for itself: one that cannot be
 * read is named, and hides no other.
 */
export async function observeSecrets(
  { secretsManager, ecs }: StatusClients,
  { environment, secrets, clusters }: SecretsOperations,
): Promise<SecretsFacts> {
  const clock = listenToClock(secretsManager);
  try {
    const states = new Map<SecretName, Observed<SecretState>>();
    const [services] = await Promise.all([
      orUnreadable(() =>
        listServices({ ecs, environment, clusters, secretArns: secrets.map(({ arn }) => arn) }),
      ),
      inParallel(secrets, SECRETS_AT_ONCE, async (secret) => {
        states.set(secret.name, await orUnreadable(() => readSecretState(secretsManager, secret)));
      }),
    ]);
    return {
      environment,
      // Without one answer there is nothing whose age could be told.
      observedAt: clock.latest() ?? new Date(),
      secrets: secrets.map(({ name, arn, kind, rotationDays, functionLabel }) => ({
        name,
        arn,
        kind,
        rotationDays,
        functionLabel,
        state: states.get(name)!,
      })),
      services,
    };
  } finally {
    clock.stop();
  }
}

async function orUnreadable<T extends object>(read: () => Promise<T>): Promise<Observed<T>> {
  try {
    return await read();
  } catch (error) {
    return { unreadable: error instanceof GoLiveError ? `${error.code}: ${error.message}` : saidBy(error) };
  }
}
