import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  AmbiguousBackupError,
  BackupNotFoundError,
  CatalogueUnavailableError,
  findBackup,
  listBackups,
  newestBackup,
  type DumpBackup,
} from '../catalogue';
import { NoDumpToDrillError, NotADumpError } from './errors';

export interface DumpChoice {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  readonly rds: RDSClient;
  /** Whose dumps. */
  readonly database: string;
  /** Its id, or a beginning of it that no other has. @default - the newest */
  readonly backup?: string | undefined;
}

/** @throws NoDumpToDrillError, NotADumpError, CatalogueUnavailableError, BackupNotFoundError, AmbiguousBackupError */
export async function chooseDump(choice: DumpChoice): Promise<DumpBackup> {
  const { bucket, database, backup } = choice;
  const catalogue = await listBackups(choice);
  const unread = catalogue.unreadable.find(({ source }) => source === 'dumps');
  if (unread) throw new CatalogueUnavailableError('the dumps could not be listed', new Error(unread.reason));
  const found = backup === undefined ? newestBackup(catalogue, 'dump') : findBackup(catalogue, backup);
  if (!found) {
    throw new NoDumpToDrillError(
      `the vault s3://${bucket} holds no dump of "${database}", so nothing could be restored; take one now, and find out why there is none`,
    );
  }
  if (found.kind === 'dump') return found;
  throw new NotADumpError(
    `${found.id} is a ${found.kind}; name a dump, or add --snapshot for the newest snapshot`,
  );
}

/** Whether nobody could have known which dump was meant: that is the asker's mistake, and no drill. */
export function isNotUnderstood(error: unknown): boolean {
  return [BackupNotFoundError, AmbiguousBackupError, NotADumpError].some((kind) => error instanceof kind);
}
