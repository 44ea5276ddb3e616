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
