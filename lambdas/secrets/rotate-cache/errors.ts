import { GoLiveError } from '../../../core/shared/errors';

/** ElastiCache has no user of that id. */
export class CacheUserMissingError extends GoLiveError {
  readonly code = 'CacheUserMissingError';

  constructor(userId: string) {
    super(
      `ElastiCache has no user ${userId}, or tells neither its name nor its state; deploy the Database stack, which makes it, and rotate again`,
    );
  }
}
