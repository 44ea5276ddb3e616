/** How services read their secrets at run time, and follow their rotation. */
export type { SecretDefinition, SecretTypes } from './definition';
export {
  PoolEndedError,
  SecretInvalidError,
  SecretsClientConfigurationError,
  SecretUnavailableError,
} from './errors';
export { dataKeys, tokenKeys, type DataKeys, type RingOptions, type TokenKeys } from './key-rings';
export type { SecretMetric, SecretMetricName, SecretsLog } from './metrics';
export type { PoolSettings } from './pool-generation';
export { rotatingPool, type RotatingPool, type RotatingPoolOptions } from './rotating-pool';
export {
  createSecretsClient,
  DEVELOPMENT,
  type SecretsClient,
  type SecretsClientOptions,
} from './secrets-client';
export { ENVIRONMENT_VERSION, Sensitive, SENSITIVE, SecretValue } from './sensitive';
