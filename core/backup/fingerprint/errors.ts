import { GoLiveError, JudgedError } from '../../shared/errors';

/** A table, sequence or large object cannot be read by the role that takes the fingerprint. */
export class FingerprintForbiddenError extends GoLiveError {
  readonly code = 'FingerprintForbiddenError';
}

/** Row-level security would hide rows: a count of what is visible would be a lie. */
export class RowSecurityHidesRowsError extends GoLiveError {
  readonly code = 'RowSecurityHidesRowsError';
}

/** The snapshot to look through does not exist any more, because the session that exported it has ended. */
export class SnapshotGoneError extends GoLiveError {
  readonly code = 'SnapshotGoneError';
}

/** A table was dropped, truncated or rewritten after the snapshot: what it held then cannot be read. */
export class SchemaChangedError extends GoLiveError {
  readonly code = 'SchemaChangedError';
  override readonly retryable = true;
}

/** A migration holds a table locked for longer than we wait. */
export class FingerprintLockTimeoutError extends GoLiveError {
  readonly code = 'FingerprintLockTimeoutError';
  override readonly retryable = true;
}

/** The server's lock table has no room for a lock on every table. */
export class LockTableFullError extends GoLiveError {
  readonly code = 'LockTableFullError';
}

/** The server cannot read its own data: a damaged page, or a TOAST value that is missing. */
export class DatabaseDamagedError extends GoLiveError {
  readonly code = 'DatabaseDamagedError';
}

/** The server's hash function does not give the values that fingerprints are made of. */
export class UnsupportedServerError extends GoLiveError {
  readonly code = 'UnsupportedServerError';
}

/** The caller's signal ended the fingerprint before it was complete. */
export class FingerprintAbortedError extends GoLiveError {
  readonly code = 'FingerprintAbortedError';
  override readonly retryable = true;
}

/** Any other failure while the database is read; `cause` holds the server's words. */
export class FingerprintFailedError extends JudgedError {
  readonly code = 'FingerprintFailedError';
}

/**
 * Gives the server's error a name that an operator can act on.
 *
 * @param what what was being read, such as `table "public"."orders"`: the message names it
 */
export function namedError(error: unknown, what: string): GoLiveError {
  if (error instanceof GoLiveError) return error;
  const { code, message, hint } = error as { code?: string; message?: string; hint?: string };
  const cause = { cause: error };
  const said = `the server says "${message ?? String(error)}"`;
  // https://www.postgresql.org/docs/17/errcodes-appendix.html
  switch (code ?? '') {
    case '42501':
      return /row-level security/.test(message ?? '')
        ? new RowSecurityHidesRowsError(
            `row-level security hides rows of ${what} from this role, so its fingerprint would be wrong; give the role BYPASSRLS, or ownership without FORCE ROW LEVEL SECURITY`,
            cause,
          )
        : new FingerprintForbiddenError(
            `${what} cannot be read: ${said}; grant the role SELECT on it, or membership in pg_read_all_data`,
            cause,
          );
    case '55P03':
      return new FingerprintLockTimeoutError(
        `${what} stayed locked, ${said}; end the migration that holds it, or try again after it`,
        cause,
      );
    case '53200':
      if (!/shared memory|max_locks/.test(`${message} ${hint}`)) break;
      return new LockTableFullError(
        `no room to lock ${what}, ${said}; raise max_locks_per_transaction in the parameter group (it needs a reboot)`,
        cause,
      );
    case '42P01':
    case '3F000':
    case '42703':
      return new SchemaChangedError(
        `${what} changed after the snapshot: ${said}; try again when the migration is through`,
        cause,
      );
    case 'XX001':
    case 'XX002':
      return new DatabaseDamagedError(
        `${what} is damaged: ${said}; do not prune older backups, and restore the newest verified one beside this database`,
        cause,
      );
  }
  return new FingerprintFailedError(
    `the fingerprint of ${what} failed: ${said}; try again, and look at the server's log if it fails again`,
    // Connections that break, resources used up and interventions such as a failover pass. What is not an
    // SQLSTATE comes from the network.
    { ...cause, retryable: !/^[0-9A-Z]{5}$/.test(code ?? '') || /^(08|53|57)/.test(code ?? '') },
  );
}
