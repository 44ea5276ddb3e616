import { GoLiveError } from '../shared/errors';

/** A template, an assembly or an answer of AWS that is not what it should be. */
export class UnreadableTemplateError extends GoLiveError {
  readonly code = 'UnreadableTemplateError';
}

/** A deployment, or a merge, that would lose data and that nobody has accepted. */
export class DataLossError extends GoLiveError {
  readonly code = 'DataLossError';
}

/** An environment of which it is not known what is deployed: what nobody could compare, nobody may call harmless. */
export class NotComparedError extends GoLiveError {
  readonly code = 'NotComparedError';
}
