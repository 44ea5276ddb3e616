/** What a person does to a secret by hand: rotate it now, roll it back, set it, and look at it. */
export * from './errors';
export { findSecret, NoSuchSecretError } from './find-secret';
export {
  followRotation,
  type FollowedRotation,
  type FollowRequest,
  type RotationStep as FollowedStep,
} from './follow-rotation';
export { leaveRingDates } from './leave-ring-dates';
export { rotationOrder } from './order';
export { proveDatabaseLogin, type DatabaseProofOptions } from './prove-database-login';
export { summariseRing, type KeySummary } from './ring-summary';
export { planRollback, rollBack, type PlannedRollback, type RollbackRequest } from './rollback';
export type { LoginProof, VersionValues } from './rollback-checks';
export { isDatabaseUser, type OperatedSecret } from './secret';
export { setSecretValue } from './set-value';
export { readStages, readVersion, type SecretStages } from './stages';
export { requireRotatable, startRotation, type StartedRotation } from './start-rotation';
export { checkedThirdPartyValue, thirdPartyValue } from './third-party-value';
