import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dateOf } from '../../shared/service-time';

/** Tells the time by the service's clock: a host's own may be an hour off. */
export interface ServiceClock {
  /** The latest `Date` of any answer, refusals too; undefined when there was none. */
  latest(): Date | undefined;
  stop(): void;
}

/** Listens to the answers that this client gets. */
export function listenToClock(client: SecretsManagerClient): ServiceClock {
  let latest: Date | undefined;
  const listen: Parameters<typeof client.middlewareStack.add>[0] = (next) => async (args) => {
    const result = await next(args);
    const at = dateOf(result.response);
    if (at && (!latest || at > latest)) latest = at;
    return result;
  };
  // Next to the wire: before a refusal becomes an error.
  client.middlewareStack.add(listen as never, { step: 'deserialize', priority: 'low' });
  return { latest: () => latest, stop: () => void client.middlewareStack.remove(listen) };
}
