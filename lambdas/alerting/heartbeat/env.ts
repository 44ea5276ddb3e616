import * as z from 'zod';
import { WholeNumber } from '../../shared/env';

/** What the heartbeat function is told. The routes stand in the alerting parameter. */
export const HeartbeatEnvironment = z.object({
  /** 0 is Sunday. */
  HEARTBEAT_WEEK_DAY: WholeNumber,
  /** UTC. */
  HEARTBEAT_HOUR: WholeNumber,
});
