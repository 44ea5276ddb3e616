/** What the vault holds: which dumps are backups, and which things only look like one. */
export type { CataloguedDump } from './check-dump';
export { BackupNotFoundError, CatalogueUnavailableError } from './errors';
export { listDumps, newestDump, type DumpCatalogue, type ListDumpsOptions } from './list-dumps';
export type { RejectedDump, RejectionReason } from './rejection';
export { listUnfinishedUploads, type UnfinishedUpload } from './unfinished-uploads';
