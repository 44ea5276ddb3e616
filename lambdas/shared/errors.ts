import { GoLiveError } from '../../core/shared/errors';

/** The function was deployed with a variable missing or wrong. */
export class InvalidEnvironmentError extends GoLiveError {
  readonly code = 'InvalidEnvironmentError';

  constructor(functionName: string, problems: string) {
    super(
      `${functionName} was given a wrong environment: ${problems}. Deploy the stack that owns the function ` +
        `again: PlatformFunction fills these variables in from the function's env.ts`,
    );
  }
}

/** The function was invoked with something that is not its event. */
export class InvalidEventError extends GoLiveError {
  readonly code = 'InvalidEventError';

  constructor(functionName: string, problems: string) {
    super(
      `${functionName} refused its event: ${problems}. Nothing was done. Invoke it with the event of its ` +
        `EventBridge rule, or by hand as described in docs/runbook.md`,
    );
  }
}

/** Lambda was about to kill the function. */
export class FunctionTimeoutError extends GoLiveError {
  readonly code = 'FunctionTimeoutError';
  override readonly retryable = true;

  constructor(functionName: string) {
    super(
      `${functionName} ran out of time and was stopped just before Lambda would have killed it. The ` +
        `asynchronous retry starts it again; if that fails too, raise the function's timeout`,
    );
  }
}
