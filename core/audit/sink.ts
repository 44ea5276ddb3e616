import type { S3Client } from '@aws-sdk/client-s3';
import { putJson } from '../shared/json-object';
import { statusOf } from '../shared/s3-failure';
import { auditKey } from './key';
import type { AuditRecord } from './record';

/** Where audit records go. Nothing is ever changed or taken back. */
export interface AuditSink {
  /** For messages, such as `s3://vault/audit/`. */
  readonly name: string;
  /** Writing the same record again changes nothing. */
  write(record: AuditRecord): Promise<void>;
}

/** Keeps records in the vault, where object lock, if it is on, keeps everybody from deleting them. */
export function vaultSink(s3: S3Client, bucket: string): AuditSink {
  return {
    name: `s3://${bucket}/audit/`,
    async write(record) {
      try {
        await putJson(s3, {
          bucket,
          key: auditKey(new Date(record.startedAt), record.id),
          value: record,
          onlyIfNew: true,
        });
      } catch (error) {
        // The id is random, so what is there is this record: the answer to the client's first try was lost.
        if (statusOf(error) !== 412) throw error;
      }
    },
  };
}

/** Puts records on a log, whose group outlives the vault. */
export function logSink(info: (message: string, fields: { readonly audit: AuditRecord }) => void): AuditSink {
  return {
    name: 'the log',
    write(record) {
      info(`${record.action} ${record.outcome}: ${record.target}`, { audit: record });
      return Promise.resolve();
    },
  };
}
