import * as z from 'zod';
import { WholeNumber } from '../../shared/env';

/** What the copying function is told: the type of its construct's `environment` and its check at run time. */
export const SnapshotCopiesEnvironment = z.object({
  /** Where the snapshots are made. The function itself runs where they are copied to, as RDS wants it. */
  SOURCE_REGION: z.string().min(1),
  /** Of the Region that they are copied to. */
  REPLICA_KEY_ARN: z.string().min(1),
  /** Days after which a copy may be pruned. */
  COPY_RETENTION_DAYS: WholeNumber,
  /** Of each instance the newest complete copies are never pruned, whatever their age. */
  COPY_KEEP_NEWEST: WholeNumber,
});
