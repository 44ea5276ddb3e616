import { scrubText } from '../../core/observability/scrub';

/** JavaScript throws anything; reports want an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(`something that is no error was thrown: ${String(thrown)}`);
}

/** What an operator searches for: our own code, the system's (`ECONNREFUSED`), or the AWS SDK's error name. */
export function errorCode(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^[\w.-]{1,64}$/.test(code) ? code : 'UnknownError';
}

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
