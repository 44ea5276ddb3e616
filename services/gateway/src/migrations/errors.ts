import { GoLiveError } from '../../../../core/shared/errors';

/** A migration was refused by the server. What it had done is undone. */
export class MigrationFailedError extends GoLiveError {
  readonly code = 'MigrationFailedError';

  constructor(
    message: string,
    /** The file's name. */
    readonly file: string,
    /** The server's code. https://www.postgresql.org/docs/17/errcodes-appendix.html */
    readonly sqlState: string | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A file that was carried out is not what it was then. */
export class MigrationChangedError extends GoLiveError {
  readonly code = 'MigrationChangedError';
}

/** Another migration or a dump has held the lock for longer than this one waits. */
export class MigrationLockedError extends GoLiveError {
  readonly code = 'MigrationLockedError';
  override readonly retryable = true;
}
