import type { BackupId } from '../vault-layout';

/** Why something under `dumps/` is not a backup. */
export type RejectionReason =
  /** Not a key of our layout: somebody else put it there. */
  | 'foreign-object'
  /** An archive, and no manifest beside it: the dump ended, or was ended, before it was complete. */
  | 'manifest-missing'
  /** An archive that the manifest beside it does not name: an earlier attempt left it. */
  | 'archive-not-named'
  /** S3 refuses to give the manifest or the archive's checksum, such as for want of the key. */
  | 'unreadable'
  /** Not JSON, too large to be one, or not a manifest by its schema. */
  | 'manifest-invalid'
  /** It speaks of another backup than the one in whose place it lies. */
  | 'manifest-misplaced'
  | 'archive-missing'
  /** Truncated, or overwritten by something of another size. */
  | 'archive-size-differs'
  /** Overwritten by something of the same size, or stored without the checksum that would prove otherwise. */
  | 'archive-checksum-differs';

/** Something in the vault that looks like a backup and is none: never listed, restored from or counted. */
export interface RejectedDump {
  readonly key: string;
  readonly reason: RejectionReason;
  /** One sentence for people, which ends in what to do. */
  readonly message: string;
  /** When S3 stored the object, by S3's clock. */
  readonly storedAt: Date;
  readonly bytes: number;
  /** Where the key says so. */
  readonly database?: string;
  readonly backupId?: BackupId;
}
