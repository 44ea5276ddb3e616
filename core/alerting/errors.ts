import { GoLiveError } from '../shared/errors';

/** The environment's routes are not deployed here, or these credentials may not see where they are. */
export class AlertingNotFoundError extends GoLiveError {
  readonly code = 'AlertingNotFoundError';
}

/** Nobody would be told of an alarm of this severity, so there is no path to prove. */
export class NoRouteError extends GoLiveError {
  readonly code = 'NoRouteError';
}

/** The state machine that proves the path ended otherwise than well: a test alarm could not be set, or nothing be read. */
export class PathProofError extends GoLiveError {
  readonly code = 'PathProofError';
}

/** A test alarm was not seen to arrive by every route. */
export class PathNotProvenError extends GoLiveError {
  readonly code = 'PathNotProvenError';
}
