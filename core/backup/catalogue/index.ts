/** What the vault holds, which dumps are backups and which things only look like one; and every other way back. */
export {
  checkedDump,
  listBackups,
  type Backup,
  type BackupCatalogue,
  type BackupSource,
  type CheckedDumpBackup,
  type DumpBackup,
  type DumpReference,
  type ListBackupsOptions,
  type ListedDumpBackup,
  type Verification,
  type Verified,
} from './backups';
export type { CataloguedDump } from './check-dump';
export { BackupNotFoundError, CatalogueUnavailableError } from './errors';
export { AmbiguousBackupError, findBackup, newestBackup, newestBefore, newestVerified } from './find';
export { latestManifest } from './latest-manifest';
export { listDumps, newestDump, type DumpCatalogue, type ListDumpsOptions } from './list-dumps';
export type { PointInTimeBackup } from './recovery-window';
export type { RejectedDump, RejectionReason } from './rejection';
export { RdsUnreadableError, type InstanceChoice, type SnapshotBackup } from './snapshots';
export { listUnfinishedUploads, type UnfinishedUpload } from './unfinished-uploads';
