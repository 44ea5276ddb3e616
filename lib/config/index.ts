import { ConfigurationError } from './configuration-error';
import { dev } from './dev';
import { local } from './local';
import { parseEnvironments } from './parse';
import { prod } from './prod';
import type { EnvironmentConfig, EnvironmentInput } from './schema';
import { staging } from './staging';

export { ConfigurationError } from './configuration-error';
export type { EnvironmentConfig, EnvironmentInput } from './schema';

const INPUTS = { dev, staging, prod, local } satisfies Record<string, EnvironmentInput>;

export type EnvironmentName = keyof typeof INPUTS;

export const ENVIRONMENT_NAMES = Object.keys(INPUTS) as EnvironmentName[];

/**
 * The checked environments of these names, in the order given.
 *
 * @param names @default every environment
 * @throws ConfigurationError when a name is unknown or a configuration is refused
 */
export function loadEnvironments(names: readonly string[] = ENVIRONMENT_NAMES): EnvironmentConfig[] {
  const unknown = names.filter((name) => !isEnvironmentName(name));
  if (unknown.length > 0 || names.length === 0) {
    throw new ConfigurationError([
      {
        file: 'lib/config/index.ts',
        problems: [`environments: got ${JSON.stringify(names)}, allowed: ${ENVIRONMENT_NAMES.join(', ')}`],
      },
    ]);
  }
  return parseEnvironments(
    new Map(names.filter(isEnvironmentName).map((name) => [`lib/config/${name}.ts`, INPUTS[name]])),
  );
}

function isEnvironmentName(name: string): name is EnvironmentName {
  return Object.hasOwn(INPUTS, name);
}
