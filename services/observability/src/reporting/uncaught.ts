import type { Reporter } from '../kit';
import type { ObservabilityOptions } from '../options';
import { captureError } from '../errors';

/** How long the last report may take, milliseconds. */
const LAST_WORDS_MS = 2_000;

/**
 * What nobody caught, a promise's rejection among it, is reported as fatal, and then the process ends, as Node would have
 * ended it: nobody knows what it left half done.
 *
 * @returns how to stop
 */
export function reportUncaught(reporter: Reporter, { log }: ObservabilityOptions): () => void {
  let ending = false;
  const onUncaught = (error: Error, origin: NodeJS.UncaughtExceptionOrigin) => {
    if (ending) return;
    ending = true;
    // A log may be written late; standard error is written at once, as Node itself does it.
    if (log === undefined) console.error(error);
    else log.error({ err: error, origin }, 'nobody caught an error; the process ends');
    captureError(error, { component: 'process', level: 'fatal' });
    void reporter.flush(LAST_WORDS_MS).then(() => process.exit(1));
  };
  process.on('uncaughtException', onUncaught);
  return () => process.off('uncaughtException', onUncaught);
}
