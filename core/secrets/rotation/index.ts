/** Rotation of secrets: the four steps that Secrets Manager asks for, and what differs between kinds of secrets. */
export { alternateOf, alternatingUsers, type AlternatingUsersOptions } from './alternating-users';
export { CacheLoginError, logIntoCache, type CacheEndpoint } from './cache-login';
export {
  cacheUser,
  CacheUserSecret,
  type CacheUserOptions,
  type CacheUsers,
  type CacheUserState,
} from './cache-user';
export { DatabaseSecretWithMaster, RotatedDatabaseSecret } from './database-secret';
export type { DatabaseAccess, DatabaseRotationOptions } from './database-user';
export * from './errors';
export { ROTATION_STEPS, RotationEvent, type RotationStep } from './event';
export type { DatabaseInstances } from './master';
export { newPassword, PasswordNotMadeError, PasswordRules } from './password';
export { rdsInstances } from './rds-instances';
export { runRotationStep, type RotationContext, type RotationLog, type RotationOutcome } from './run-step';
export { scramVerifier } from './scram';
export {
  singleUser,
  type SingleUserByMasterOptions,
  type SingleUserOptions,
  type SingleUserSelfOptions,
} from './single-user';
export type { RotationStrategy, SecretVersions } from './strategy';
