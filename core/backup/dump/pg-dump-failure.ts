import { GoLiveError } from '../../shared/errors';
import type { ProgramEnd } from '../../postgres/program';

/** pg_dump, or pg_dumpall, ended with anything but success. `code` is the cause where its last words name one. */
export class PgDumpFailedError extends GoLiveError {
  readonly code: string;
  override readonly retryable: boolean;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last lines, without the password. */
  readonly stderr: string;

  /** @param advice wins over the one that goes with the cause */
  constructor({ exitCode, signal, stderr }: ProgramEnd, program = 'pg_dump', advice?: string) {
    const cause = causeOf({ exitCode, signal, stderr });
    const end = exitCode === null ? `was ended by ${signal}` : `exited with ${exitCode}`;
    const said = stderr === '' ? 'it wrote nothing to stderr' : `its last words: ${lastLines(stderr)}`;
    super(`${program} ${end}; ${said}; ${advice ?? cause.advice}`);
    this.code = cause.code;
    this.retryable = cause.retryable;
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderr = stderr;
  }
}

interface Cause {
  readonly code: string;
  readonly said: RegExp;
  readonly retryable: boolean;
  /** What to do. */
  readonly advice: string;
}

/**
 * What PostgreSQL's programs say, and what it means. The first that fits counts, so what tells more comes
 * first. The child runs with LANG=C; the server's own messages follow its lc_messages, which on RDS is English.
 */
const CAUSES: readonly Cause[] = [
  {
    code: 'PgDumpVersionMismatchError',
    said: /aborting because of server version mismatch/,
    retryable: false,
    advice: "rebuild the image with the client of the server's major version",
  },
  {
    code: 'PgDumpRowSecurityError',
    said: /row-level security|row security/,
    retryable: false,
    advice: 'give the role BYPASSRLS, or make it the owner and take FORCE ROW LEVEL SECURITY off the table',
  },
  {
    code: 'PgDumpLockTableFullError',
    said: /out of shared memory|max_locks_per_transaction/,
    retryable: false,
    advice:
      'raise max_locks_per_transaction in the parameter group until max_locks_per_transaction × max_connections exceeds the number of tables and partitions (it needs a reboot)',
  },
  {
    // Its own file, and not one of the server's, which is named by "query failed" or "message from server".
    code: 'PgDumpDiskFullError',
    said: /^pg_dump: (error|fatal): could not (write|close|open|create)[^\n]*(No space left on device|Disk quota exceeded|File too large)/m,
    retryable: false,
    advice: 'give the folder that the dump writes to a larger disk, or dump with fewer jobs at a time',
  },
  {
    // A worker of --jobs takes its own lock without waiting, for behind a queued one it would wait for ever.
    code: 'PgDumpLockQueuedError',
    said: /could not obtain lock on relation/,
    retryable: true,
    advice:
      'a session asked for an exclusive lock while the dump ran, and dumps with jobs cannot wait behind it: run it again, and let migrations take the migration lock, which keeps them out until the dump is through',
  },
  {
    // --lock-wait-timeout is a statement_timeout around LOCK TABLE.
    code: 'PgDumpLockTimeoutError',
    said: /canceling statement due to (lock|statement) timeout/,
    retryable: true,
    advice: 'a migration holds the lock: run the dump again after it, or end the session that pg_locks shows',
  },
  {
    code: 'PgDumpTlsError',
    said: /certificate verify failed|server certificate for .* does not match|root certificate file .* (does not exist|could not be read)|server does not support SSL/,
    retryable: false,
    advice: "see that the CA file holds the authority of the server's certificate",
  },
  {
    code: 'PgDumpAuthenticationError',
    said: /password authentication failed|no password supplied|no pg_hba\.conf entry|role ".*" does not exist|role ".*" is not permitted to log in/,
    retryable: true,
    advice: "see that the secret holds the role's current password; it may have been rotated this moment",
  },
  {
    code: 'PgDumpPermissionError',
    said: /permission denied/,
    retryable: false,
    advice: 'grant the role pg_read_all_data, or SELECT on what it names',
  },
  {
    code: 'PgDumpSchemaChangedError',
    said: /cache lookup failed|relation ".*" does not exist|could not open relation/,
    retryable: true,
    advice: 'a migration changed the schema meanwhile: run the dump again after it',
  },
  {
    code: 'PgDumpDatabaseDamagedError',
    said: /invalid page in block|missing chunk number|could not read block/,
    retryable: false,
    advice:
      'the database is damaged: do not prune older backups, and restore the newest verified one beside this database',
  },
  {
    code: 'PgDumpReplicaConflictError',
    said: /conflict with recovery/,
    retryable: true,
    advice: 'dump from the primary, or raise max_standby_streaming_delay or set hot_standby_feedback',
  },
  {
    code: 'PgDumpConnectionLostError',
    said: /server closed the connection|terminating connection|connection to server .* failed|could not (receive|send) data|SSL SYSCALL|SSL connection has been closed|no connection to the server|the database system is (shutting down|starting up|in recovery)|too many (clients|connections)|remaining connection slots/,
    retryable: true,
    advice:
      'the database restarted, failed over, or a person ended the session: look at its RDS events, and run the dump again',
  },
  {
    // Last: a worker that can still say why it ends comes first.
    code: 'PgDumpKilledError',
    said: /a worker process died unexpectedly/,
    retryable: true,
    advice: 'most likely the machine had no memory left: give it more, or fewer jobs, and run the dump again',
  },
];

function causeOf({ exitCode, signal, stderr }: ProgramEnd): Omit<Cause, 'said'> {
  const known = CAUSES.find(({ said }) => said.test(stderr));
  if (known) return known;
  if (exitCode === null) {
    return {
      code: 'PgDumpKilledError',
      retryable: true,
      advice:
        signal === 'SIGKILL'
          ? 'most likely it had no memory left: give the function more, and run the dump again'
          : 'run the dump again',
    };
  }
  return {
    code: 'PgDumpFailedError',
    retryable: false,
    advice: 'look for the message in the PostgreSQL documentation, and at the log of the server',
  };
}

/** Enough to find the cause; the log holds the rest. */
function lastLines(stderr: string): string {
  return stderr.split('\n').slice(-6).join(' | ');
}
