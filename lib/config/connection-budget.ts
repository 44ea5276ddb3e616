import { instanceClassOf } from './instance-class';
import type { EnvironmentConfig } from './schema';

/** RDS for PostgreSQL: `max_connections` is LEAST({DBInstanceClassMemory/9531392}, 5000) unless a parameter group says otherwise. */
const BYTES_PER_CONNECTION = 9_531_392;
const MOST_CONNECTIONS = 5000;

/**
 * `DBInstanceClassMemory` is what the operating system and RDS's own processes leave of a class's memory. AWS publishes no
 * figure; a quarter off is more than what is reported for any size.
 */
const LEFT_FOR_POSTGRES = 0.75;

/**
 * Connections that are not the gateway's: 3 that PostgreSQL keeps for superusers and 2 that RDS keeps for itself, up to 17
 * of a dump with its fingerprint, 2 of a migration and 1 each of the rotations and of a person who looks.
 */
export const OTHER_CONNECTIONS = 30;

/**
 * How many times the gateway's connections may be open at once: a deployment runs the new tasks beside the old ones (maximum
 * 200 %), and a task that follows a rotation opens a new pool while the old one finishes its work.
 */
export const OVERLAP = 2 * 2;

/** How many connections an instance of this class takes, as far as can be known before it is there. */
export function maxConnections(instanceClass: string): number {
  const bytes = instanceClassOf(instanceClass).memoryBytes * LEFT_FOR_POSTGRES;
  return Math.min(Math.floor(bytes / BYTES_PER_CONNECTION), MOST_CONNECTIONS);
}

/** The most connections that the gateway may ever have open. */
export function gatewayConnections({ gateway }: EnvironmentConfig['services']): number {
  return gateway.tasks.max * gateway.databaseConnections * OVERLAP;
}
