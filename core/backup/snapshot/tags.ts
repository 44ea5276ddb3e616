/**
 * The tags that our snapshots carry. IAM lets the snapshot function delete only what carries them, and
 * pruning looks at nothing else, so a snapshot that a person made by hand is never ours to remove.
 */
export const SNAPSHOT_TAG = {
  /** The environment's name, such as `prod`. */
  environment: 'golive:environment',
  /** Always {@link MANAGED_BY}: what makes a snapshot ours. */
  managedBy: 'golive:managed-by',
  /** RDS's immutable id of the instance (`db-ABC…`): names are reused after a restore, this is not. */
  instanceResourceId: 'golive:instance-resource-id',
  /** The UTC instant that the schedule meant, ISO 8601. */
  scheduledFor: 'golive:scheduled-for',
  /** Only on a copy in another Region: the ARN of the snapshot that it was made of. */
  copyOf: 'golive:copy-of',
} as const;

/** The value of {@link SNAPSHOT_TAG.managedBy}. */
export const MANAGED_BY = 'golive-backup';
