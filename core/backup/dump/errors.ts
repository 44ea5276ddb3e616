import { GoLiveError, JudgedError } from '../../shared/errors';

/** pg_dump refuses a server that is newer than itself. */
export class ClientTooOldError extends GoLiveError {
  readonly code = 'ClientTooOldError';
}

/** Row-level security would hide rows from the role, and pg_dump would rightly give up half-way. */
export class RowSecurityBlocksDumpError extends GoLiveError {
  readonly code = 'RowSecurityBlocksDumpError';
}

/** The role may not read some tables, and pg_dump locks and reads every one. */
export class TablesNotReadableError extends GoLiveError {
  readonly code = 'TablesNotReadableError';
}

/** The role may not read some large objects, and pg_dump reads every one, after all tables. */
export class LargeObjectsNotReadableError extends GoLiveError {
  readonly code = 'LargeObjectsNotReadableError';
}

/** pg_dump said that it succeeded, and wrote nothing. */
export class EmptyArchiveError extends GoLiveError {
  readonly code = 'EmptyArchiveError';
}

/** The archive did not get into the vault. */
export class ArchiveUploadError extends JudgedError {
  readonly code = 'ArchiveUploadError';
}

/** What S3 stored is not what we sent. */
export class ArchiveMismatchError extends GoLiveError {
  readonly code = 'ArchiveMismatchError';
  override readonly retryable = true;
}

/** The vault could not be asked whether this backup is there already, or its manifest could not be written. */
export class ManifestAccessError extends JudgedError {
  readonly code = 'ManifestAccessError';
}

/** A manifest is there and cannot be understood. */
export class ManifestInvalidError extends GoLiveError {
  readonly code = 'ManifestInvalidError';
}

/** Something that lies beside an archive, such as its fingerprint, could not be written or read. */
export class CompanionAccessError extends JudgedError {
  readonly code = 'CompanionAccessError';
}

/** What lies beside an archive is not what the manifest vouches for. */
export class CompanionCorruptError extends GoLiveError {
  readonly code = 'CompanionCorruptError';
}

/** A migration is running, and a dump would stand in its way. */
export class MigrationRunningError extends GoLiveError {
  readonly code = 'MigrationRunningError';
  override readonly retryable = true;
}

/** The one snapshot that pg_dump and the fingerprint look through could not be held. */
export class SnapshotNotHeldError extends GoLiveError {
  readonly code = 'SnapshotNotHeldError';
  override readonly retryable = true;
}

/** The time that the runner has is nearly over: the dump was given up, and nothing is left behind. */
export class DeadlineReachedError extends GoLiveError {
  readonly code = 'DeadlineReachedError';
}

/** Somebody asked the dump to stop: it was given up, and nothing is left behind. */
export class DumpAbortedError extends GoLiveError {
  readonly code = 'DumpAbortedError';
  override readonly retryable = true;
}

/** The folder that a parallel dump writes its files to has less room than they need at the least. */
export class DumpFolderTooSmallError extends GoLiveError {
  readonly code = 'DumpFolderTooSmallError';
}

/** The folder that a parallel dump writes its files to is not there, or not ours to write to. */
export class DumpFolderUnusableError extends GoLiveError {
  readonly code = 'DumpFolderUnusableError';
}
