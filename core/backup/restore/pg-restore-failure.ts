import type { ProgramEnd } from '../../postgres/program';
import { GoLiveError } from '../../shared/errors';

/** pg_restore ended with anything but success. What it had restored by then is worth nothing. */
export class PgRestoreFailedError extends GoLiveError {
  readonly code = 'PgRestoreFailedError';
  override readonly retryable: boolean;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last lines, without the password. */
  readonly stderr: string;

  constructor({ exitCode, signal, stderr }: ProgramEnd) {
    const end = exitCode === null ? `was ended by ${signal}` : `exited with ${exitCode}`;
    super(`pg_restore ${end}: ${errorsIn(stderr) || 'it named no error'}; ${adviceOn(stderr, exitCode)}`);
    this.retryable = exitCode === null || CONNECTION_LOST.test(stderr) || diedSilently(stderr);
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderr = stderr;
  }
}

const CONNECTION_LOST =
  /server closed the connection|terminating connection|connection to server .* failed|SSL SYSCALL|no connection to the server|the database system is|too many clients/;

/**
 * The errors without their details, which may quote rows. Workers write to one pipe, now and then into each other's
 * lines: an error may begin anywhere in one.
 */
function errorsIn(stderr: string): string {
  return [...stderr.matchAll(/pg_restore: (?:error|fatal): (.*?)(?=pg_restore: |$)/gm)]
    .map(([, said]) => said!)
    .slice(0, 3)
    .join(' | ');
}

/** A worker that can still say why it ends does, before this is said of it. */
function diedSilently(stderr: string): boolean {
  return errorsIn(stderr) === 'a worker process died unexpectedly';
}

function adviceOn(stderr: string, exitCode: number | null): string {
  if (CONNECTION_LOST.test(stderr))
    return 'drop the target database, see that the server is up, and restore again';
  if (/permission denied|must be (superuser|owner|member)|must be able to SET ROLE/.test(stderr)) {
    return 'restore as the master user, who must be a member of every role that owns something in the archive';
  }
  if (/row-level security policy/.test(stderr)) {
    return 'a materialised view reads a table with FORCE ROW LEVEL SECURITY: restore as a role with BYPASSRLS, or take FORCE off in the source and dump again';
  }
  if (/role ".*" does not exist/.test(stderr))
    return 'create the roles of the source first, then restore again';
  if (/extension ".*" is not available|could not open extension control file/.test(stderr)) {
    return 'install or allow the extension on the target server (on RDS: rds.allowed_extensions), then restore again';
  }
  if (
    /could not read from input file|did not find magic string|does not appear to be a valid archive|corrupt/.test(
      stderr,
    )
  ) {
    return 'the archive cannot be read: choose another backup';
  }
  if (/No space left on device|could not extend file/.test(stderr)) {
    return 'the server’s disk is full: give it more storage, drop the target database, and restore again';
  }
  if (diedSilently(stderr)) {
    return 'most likely the machine had no memory left: give it more, or fewer jobs, drop the target database, and restore again';
  }
  return exitCode === null
    ? 'drop the target database and restore again'
    : 'drop the target database, and look at the server’s log for the statement';
}
