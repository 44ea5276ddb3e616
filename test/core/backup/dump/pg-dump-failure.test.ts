import { PgDumpFailedError } from '../../../../core/backup/dump/pg-dump-failure';

const failed = (stderr: string, exitCode: number | null = 1, signal: NodeJS.Signals | null = null) =>
  new PgDumpFailedError({ exitCode, signal, stderr });

// What pg_dump 15 to 17 write.
test.each([
  [
    'PgDumpVersionMismatchError',
    false,
    'pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server version: 17.5; pg_dump version: 16.9',
  ],
  [
    'PgDumpRowSecurityError',
    false,
    'pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table "orders"\nHINT:  To disable the policy for the table\'s owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY.',
  ],
  [
    'PgDumpLockTableFullError',
    false,
    'pg_dump: error: query failed: ERROR:  out of shared memory\nHINT:  You might need to increase "max_locks_per_transaction".',
  ],
  [
    'PgDumpLockTimeoutError',
    true,
    'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\npg_dump: detail: Query was: LOCK TABLE public.orders IN ACCESS SHARE MODE',
  ],
  [
    'PgDumpTlsError',
    false,
    'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: SSL error: certificate verify failed',
  ],
  [
    'PgDumpTlsError',
    false,
    'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: root certificate file "/var/task/rds-ca.pem" does not exist',
  ],
  [
    'PgDumpAuthenticationError',
    true,
    'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "shop"',
  ],
  [
    'PgDumpPermissionError',
    false,
    'pg_dump: error: query failed: ERROR:  permission denied for table orders',
  ],
  [
    'PgDumpSchemaChangedError',
    true,
    'pg_dump: error: query failed: ERROR:  cache lookup failed for index 16444',
  ],
  [
    'PgDumpDatabaseDamagedError',
    false,
    'pg_dump: error: Dumping the contents of table "orders" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  invalid page in block 3 of relation base/5/16444',
  ],
  [
    'PgDumpReplicaConflictError',
    true,
    'pg_dump: detail: Error message from server: ERROR:  canceling statement due to conflict with recovery',
  ],
  [
    'PgDumpConnectionLostError',
    true,
    'pg_dump: detail: Error message from server: FATAL:  terminating connection due to administrator command\nserver closed the connection unexpectedly',
  ],
  [
    'PgDumpDiskFullError',
    false,
    'pg_dump: error: could not write to output file: No space left on device\npg_dump: error: a worker process died unexpectedly',
  ],
  [
    'PgDumpDiskFullError',
    false,
    'pg_dump: error: could not open output file "/data/archive/3343.dat.gz": Disk quota exceeded',
  ],
  [
    // The server's disk, not ours.
    'PgDumpFailedError',
    false,
    'pg_dump: error: query failed: ERROR:  could not write to file "base/pgsql_tmp/pgsql_tmp7.0": No space left on device',
  ],
  [
    'PgDumpLockQueuedError',
    true,
    'pg_dump: error: could not obtain lock on relation "public.orders"\npg_dump: detail: This usually means that someone requested an ACCESS EXCLUSIVE lock on the table after the pg_dump parent process had gotten the initial ACCESS SHARE lock on the table.\npg_dump: error: a worker process died unexpectedly',
  ],
  ['PgDumpKilledError', true, 'pg_dump: error: a worker process died unexpectedly'],
  ['PgDumpFailedError', false, 'pg_dump: error: something new'],
])('%s (retryable: %s)', (code, retryable, stderr) => {
  expect(failed(stderr)).toMatchObject({ code, retryable, exitCode: 1, stderr, name: 'PgDumpFailedError' });
});

test('names the parameter when the lock table is too small', () => {
  expect(failed('ERROR:  out of shared memory').message).toMatch(/raise max_locks_per_transaction/);
});

test('tells of the signal and, after SIGKILL, of memory', () => {
  expect(failed('', null, 'SIGKILL')).toMatchObject({
    code: 'PgDumpKilledError',
    retryable: true,
    message: expect.stringMatching(
      /was ended by SIGKILL; it wrote nothing to stderr; most likely.*memory/,
    ) as string,
  });
  expect(failed('', null, 'SIGSEGV').message).toMatch(/was ended by SIGSEGV/);
});

test('quotes the last lines only', () => {
  const stderr = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).join('\n');
  const { message } = failed(stderr);
  expect(message).toContain('line 15 | line 16 | line 17 | line 18 | line 19 | line 20');
  expect(message).not.toContain('line 14');
});
