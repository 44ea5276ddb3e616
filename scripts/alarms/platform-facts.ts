import type { PlatformFacts } from '../../core/alerting/simulation/levels';
import type { EnvironmentConfig } from '../../lib/config';
import { maxConnections } from '../../lib/config/connection-budget';
import { GIB, instanceClassOf } from '../../lib/config/instance-class';

/** What the simulation must know of an environment. */
export function platformFacts({ database, services, alarms }: EnvironmentConfig): PlatformFacts {
  return {
    storageBytes: database.storageGiB * GIB,
    databaseMemoryBytes: instanceClassOf(database.instanceClass).memoryBytes,
    maxConnections: maxConnections(database.instanceClass),
    minTasks: services.gateway.tasks.min,
    slowShareOfTimeout: alarms.functions.durationPercent / 100,
  };
}
