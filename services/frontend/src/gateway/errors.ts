import { GoLiveError } from '../../../../core/shared/errors';

/** The gateway could not be reached, or did not answer in time. */
export class GatewayUnreachableError extends GoLiveError {
  readonly code = 'GatewayUnreachableError';
  override readonly retryable = true;
}

/** The gateway says itself that it cannot serve now. */
export class GatewayUnavailableError extends GoLiveError {
  readonly code = 'GatewayUnavailableError';
  override readonly retryable = true;
}

/** The gateway answered something that its contract does not know. */
export class GatewayAnswerError extends GoLiveError {
  readonly code = 'GatewayAnswerError';
}

export type GatewayError = GatewayUnreachableError | GatewayUnavailableError | GatewayAnswerError;
