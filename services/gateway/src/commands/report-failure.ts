import { captureError, type Logger } from '@golive/observability';
import { GoLiveError, saidBy } from '../../../../core/shared/errors';

/** The last line of the log, in words: whoever started this task is shown the end of its log. */
export function reportFailure(log: Pick<Logger, 'error'>, command: string, error: unknown): void {
  captureError(error, { component: 'gateway' });
  const expected = error instanceof GoLiveError;
  log.error(
    { command, ...(expected ? { code: error.code } : { err: error }) },
    `${command} failed: ${saidBy(error)}`,
  );
}
