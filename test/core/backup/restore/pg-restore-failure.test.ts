import { PgRestoreFailedError } from '../../../../core/backup/restore/pg-restore-failure';

const failed = (stderr: string, exitCode: number | null = 1) =>
  new PgRestoreFailedError({ exitCode, signal: exitCode === null ? 'SIGKILL' : null, stderr });

test('names the cause, also when another worker wrote into its line', () => {
  const { message, retryable } = failed(
    `pg_restore: processing item 3 TABLE DATA onepg_restore: error: could not execute query: ERROR:  permission denied for table a
pg_restore: error: COPY failed for table "two": ERROR:  role "x" does not existpg_restore: finished item 4
pg_restore: error: a worker process died unexpectedly`,
  );
  expect(message).toMatch(
    /could not execute query: ERROR: {2}permission denied for table a \| COPY failed for table "two": ERROR: {2}role "x" does not exist \| a worker/,
  );
  expect(message).toMatch(/restore as the master user/);
  expect(retryable).toBe(false);
});

test('a worker that ended without a word most likely had no memory: that may pass', () => {
  const { message, retryable } = failed('pg_restore: error: a worker process died unexpectedly');
  expect(message).toMatch(/no memory left: give it more, or fewer jobs/);
  expect(retryable).toBe(true);
});

test('details, which may quote rows, are left out', () => {
  const { message } = failed('pg_restore: error: COPY failed\nDETAIL:  Key (name)=(Jane) exists.');
  expect(message).not.toContain('Jane');
});
