import { GoLiveError } from '../../shared/errors';

/** GitHub refused a call for good. */
export class GitHubRefusedError extends GoLiveError {
  readonly code = 'GitHubRefusedError';

  constructor(
    message: string,
    /** HTTP's. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** GitHub did not answer, or asked to wait for longer than we do. */
export class GitHubUnavailableError extends GoLiveError {
  readonly code = 'GitHubUnavailableError';
  override readonly retryable = true;
}
