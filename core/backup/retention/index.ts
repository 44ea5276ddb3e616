/** Which backups stay, which may go, and how dumps go. */
export { formatPlan, planAsJson, type PlanTable } from './format-plan';
export { planRetention } from './plan';
export {
  obstaclesOf,
  pruneDumps,
  type PrunedDump,
  type PruneDumpsReport,
  type PruneDumpsRequest,
} from './prune-dumps';
export {
  requireComplete,
  RetentionIncompleteError,
  runRetention,
  type RetentionReport,
  type RetentionRequest,
} from './run-retention';
export { surveyDumps, type RetentionSurvey, type SurveyRequest } from './survey';
export { RetentionPolicy, type RetentionPolicyInput } from './policy';
export type { DeletedObject, Obstacle } from './delete-object';
export type { DebrisReport } from './sweep-debris';
export type {
  BackupKind,
  Circumstances,
  ExpiredBackup,
  KeepReason,
  KeepRule,
  KeptBackup,
  RetentionBackup,
  RetentionPlan,
  RunOutcome,
} from './types';
