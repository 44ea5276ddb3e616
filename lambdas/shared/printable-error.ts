import { errorCode } from '../../core/observability/jobs/thrown';
import { scrubText } from '../../core/observability/scrub';

/**
 * What may be thrown out of a handler. Lambda prints every property of it and passes it on to the failure
 * destination, so it carries the scrubbed name, message and stack, our code and `retryable`, and nothing else.
 */
export function printableError(error: Error): Error {
  const printable = new Error(scrubText(error.message));
  printable.name = scrubText(error.name);
  printable.stack = scrubText(error.stack ?? String(error));
  return Object.assign(printable, {
    code: errorCode(error),
    ...('retryable' in error && typeof error.retryable === 'boolean' && { retryable: error.retryable }),
  });
}
