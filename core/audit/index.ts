/** Who did what, when, for how long and with what result: one record for each action, never changed. */
export { audited, type AuditedAction } from './audited';
export { AUDIT_PREFIX, auditKey, parseAuditKey } from './key';
export { AuditUnavailableError, listAudit, type AuditListing, type ListAuditRequest } from './list-audit';
export { AUDIT_ACTIONS, AuditRecord, CallerIdentity, type AuditAction } from './record';
export { AuditNotRecordedError, recordAudit, type AuditEntry, type Auditor } from './record-audit';
export { logSink, vaultSink, type AuditSink } from './sink';
