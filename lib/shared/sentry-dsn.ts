import type { EnvironmentConfig } from '../config';
import type { NamedSecret } from './secret-access';

/**
 * A physical name, which no other secret has: functions of stacks that are made before the Secrets stack read it, and so
 * do those of the disaster recovery region, where it is a replica. Neither can be told its ARN.
 */
export function sentryDsnName(environmentName: string): string {
  return `golive/${environmentName}/sentry-dsn`;
}

/** Of the key that encrypts the environment's secrets, without `alias/`. */
export function secretsKeyAlias(environmentName: string): string {
  return `golive-${environmentName}-secrets`;
}

/**
 * What a function must know to read the DSN.
 *
 * @param keyAlias of the key that encrypts it where the function is
 * @returns undefined where Sentry is off
 */
export function sentryDsnOf(
  config: Pick<EnvironmentConfig, 'name' | 'sentry'>,
  keyAlias: string,
): NamedSecret | undefined {
  return config.sentry ? { name: sentryDsnName(config.name), keyAlias } : undefined;
}
