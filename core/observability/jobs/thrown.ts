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
