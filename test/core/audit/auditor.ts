import type { AuditNotRecordedError, Auditor, AuditRecord, AuditSink } from '../../../core/audit';
import { scrubValue } from '../../../core/observability/scrub';

export const WHO = {
  account: '123456789012',
  arn: 'arn:aws:sts::123456789012:assumed-role/operator/jo@example.com',
  userId: 'AROAEXAMPLE:jo@example.com',
};

/** An auditor that keeps what it is given. */
export function keepAudit(more: Partial<Auditor> = {}) {
  const records: AuditRecord[] = [];
  const unrecorded: AuditNotRecordedError[] = [];
  const sink: AuditSink = { name: 'memory', write: (record) => Promise.resolve(void records.push(record)) };
  const auditor: Auditor = {
    sinks: [sink],
    who: WHO,
    environment: 'prod',
    requestId: 'request-1',
    toolVersion: '0.1.0',
    scrub: scrubValue,
    onUnrecorded: (error) => void unrecorded.push(error),
    now: () => new Date('2026-11-23T03:04:05.678Z'),
    ...more,
  };
  return { auditor, records, unrecorded };
}
