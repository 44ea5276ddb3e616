import { GoLiveError, JudgedError } from '../../shared/errors';
import type { Difference } from '../fingerprint';

/** The archive's bytes are not those that the manifest vouches for. Nothing was restored. */
export class ArchiveCorruptError extends GoLiveError {
  readonly code = 'ArchiveCorruptError';
}

/** The archive has the bytes that its manifest vouches for, and holds what pg_dump does not write. Nothing was restored. */
export class ArchiveRefusedError extends GoLiveError {
  readonly code = 'ArchiveRefusedError';
}

/** The archive did not come from the vault. Nothing was restored. */
export class ArchiveDownloadError extends JudgedError {
  readonly code = 'ArchiveDownloadError';
}

/** The archive does not fit in the temporary folder. Nothing was downloaded. */
export class DiskTooSmallError extends GoLiveError {
  readonly code = 'DiskTooSmallError';
}

/** The restored database does not fit beside the live one. Nothing was done. */
export class ServerDiskTooSmallError extends GoLiveError {
  readonly code = 'ServerDiskTooSmallError';
}

/** A restore goes into an empty database only: into a filled one it would mix two states. */
export class TargetNotEmptyError extends GoLiveError {
  readonly code = 'TargetNotEmptyError';
}

/** pg_restore does not read archives of a newer pg_dump. */
export class RestoreClientTooOldError extends GoLiveError {
  readonly code = 'RestoreClientTooOldError';
}

/** The server is of an older major version than the one that was dumped, and may not know what it is told. */
export class TargetServerTooOldError extends GoLiveError {
  readonly code = 'TargetServerTooOldError';
}

/** The backup is of another environment than the one that is restored in. */
export class WrongEnvironmentError extends GoLiveError {
  readonly code = 'WrongEnvironmentError';
}

/** The backup has no fingerprint, so nothing could tell whether what was restored is right. */
export class RestoreNotProvableError extends GoLiveError {
  readonly code = 'RestoreNotProvableError';
}

/** What was restored is not what was dumped. It was dropped. */
export class RestoreDiffersError extends GoLiveError {
  readonly code = 'RestoreDiffersError';

  constructor(
    message: string,
    readonly differences: readonly Difference[],
  ) {
    super(message);
  }
}
