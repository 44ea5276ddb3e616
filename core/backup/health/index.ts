/** Whether the backups of an environment are in order: what is observed, and how it is judged. */
export { checkHealth, type HealthRequest, type RegionClients } from './check-health';
export { listDeletedBackups, type DeletedBackup } from './deleted-backups';
export { evaluateHealth, HealthLimits } from './evaluate';
export type { BackupFacts, DrillFact, OffsiteFacts } from './facts';
export { HealthObjectError, putHealth, readHealth } from './health-object';
export { observeBackups, type ObserveRequest } from './observe';
export { CHECK_NAMES, Check, CheckStatus, HealthReport, SEVERITY } from './report';
