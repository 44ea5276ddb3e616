import { GoLiveError, JudgedError } from '../shared/errors';

/** No connection to the database could be made. Never says the password. */
export class DatabaseConnectionError extends JudgedError {
  readonly code = 'DatabaseConnectionError';
}

/** The server did not prove who it is, or offers no TLS, so nothing was sent to it. */
export class DatabaseTlsError extends GoLiveError {
  readonly code = 'DatabaseTlsError';
}

/** The server knows the role and refuses it, or does not know it. */
export class DatabaseAuthenticationError extends GoLiveError {
  readonly code = 'DatabaseAuthenticationError';
  /** A password that was rotated a moment ago is read anew by the next attempt. */
  override readonly retryable = true;
}

/** A PostgreSQL program is not on the PATH that was given. */
export class ProgramNotFoundError extends GoLiveError {
  readonly code = 'ProgramNotFoundError';
}
