/** Which backups stay, which may go, and how dumps go. */
export { formatPlan, planAsJson, type PlanTable } from './format-plan';
export { planRetention } from './plan';
export { pruneDumps, type PrunedDump, type PruneDumpsReport, type PruneDumpsRequest } from './prune-dumps';
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
