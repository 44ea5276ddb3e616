import * as z from 'zod';
import { WholeNumber } from '../../shared/env';

/** What the snapshot function is told: the type of its construct's `environment` and its check at run time. */
export const SnapshotEnvironment = z.object({
  DATABASE_INSTANCE_IDENTIFIER: z.string().min(1),
  /** RDS's immutable id (`db-ABC…`): an instance that took over the name is not the same instance. */
  DATABASE_RESOURCE_ID: z.string().min(1),
  /** Where the record of each run lies, below `audit/`. */
  VAULT_BUCKET: z.string().min(1),
  /** Days after which a snapshot may be pruned. */
  SNAPSHOT_RETENTION_DAYS: WholeNumber,
  /** How many of the newest successful snapshots are never pruned, whatever their age. */
  SNAPSHOT_KEEP_NEWEST: WholeNumber,
});
