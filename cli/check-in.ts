import { createCheckIns, type Run } from '../core/observability/jobs/check-ins';
import { createSentryDsn } from '../core/observability/jobs/current-sentry-dsn';
import type { OnceLogger } from '../core/observability/jobs/say-once';
import type { Streams } from './console';
import { EXIT } from './errors';

/** What a command that a schedule runs tells the cron monitor of that schedule. Nothing until it begins. */
export interface CheckIn {
  /**
   * Tells Sentry that the command has begun, beside the command itself.
   *
   * @param monitorSlug what `--check-in` says: `golive-prod-backup-drill`
   */
  begin(monitorSlug: string, environment: string | undefined): void;
  /** Tells how it ended and waits until Sentry has it, a second at most. Never throws. */
  end(exitCode: number): Promise<void>;
}

/**
 * Fails no command and holds none up: the DSN is read from the secret that `SENTRY_DSN_SECRET_NAME` names, and what
 * becomes of a check-in that fails is a line on stderr.
 *
 * @param stopped a command that is stopped has failed, which is told at once: a task has two minutes from SIGTERM to
 * SIGKILL, and what a drill has to put away may take longer
 */
export function checkInOf({ stderr, env }: Streams, stopped: AbortSignal): CheckIn {
  const logger = linesTo(stderr);
  const over = new AbortController();
  const checkIns = createCheckIns({
    logger,
    currentDsn: createSentryDsn({ logger, signal: over.signal }),
  });
  let run: Run | undefined;
  let ended: Promise<void> | undefined;
  // Sentry changes no check-in that has ended, so what was said first stays.
  const endAs = (status: 'ok' | 'error') => (ended ??= run?.end(status));
  const fail = () => void endAs('error');

  return {
    begin(slug, environment = 'unknown') {
      const dsnSecretName = env['SENTRY_DSN_SECRET_NAME'];
      if (!dsnSecretName) {
        logger.warn('Sentry is told nothing of this run, as SENTRY_DSN_SECRET_NAME is not set', {});
        return;
      }
      run = checkIns.begin({ slug, environment, dsnSecretName }, 'begin-and-end');
      stopped.addEventListener('abort', fail, { once: true });
      if (stopped.aborted) fail();
    },
    async end(exitCode) {
      stopped.removeEventListener('abort', fail);
      await endAs(exitCode === EXIT.done ? 'ok' : 'error');
      over.abort();
    },
  };
}

/** stdout is the command's own. */
function linesTo(stderr: NodeJS.WritableStream): OnceLogger {
  const say: OnceLogger['warn'] = (message, fields) => {
    const details = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
    stderr.write(`${[message, ...details].join(', ')}\n`);
  };
  return { info: say, warn: say };
}
