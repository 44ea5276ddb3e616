/** Which backups stay, which may go, and how dumps go. */
export { formatPlan, planAsJson, type PlanTable } from './format-plan';
export { planRetention } from './plan';
export { RetentionPolicy, type RetentionPolicyInput } from './policy';
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
