/**
 * An error that an operator can search for: `code` stands in the log, the metric's dimension and the
 * runbook, and the message ends in what to do.
 */
export abstract class GoLiveError extends Error {
  /** The searchable code. By convention the class's own name. */
  abstract readonly code: string;

  /** Whether the same call may succeed later with nothing changed, so that a scheduler should try again. */
  readonly retryable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A {@link GoLiveError} of which only who throws it knows whether a retry may help. */
export abstract class JudgedError extends GoLiveError {
  override readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions & { retryable: boolean }) {
    super(message, options);
    this.retryable = options.retryable;
  }
}

/** What an error of somebody else's says, with its name, as part of a sentence. */
export function saidBy(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
