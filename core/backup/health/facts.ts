/**
 * What the monitor observed. Times are the services' own (S3's LastModified, RDS's creation times), never
 * the host's clock alone. A part that could not be read is `{ unreadable: reason }`, so that its check is
 * reported as not run.
 */
export interface BackupFacts {
  readonly environment: string;
  /** The services' present time. */
  readonly observedAt: Date;
  readonly snapshots: Observed<readonly SnapshotFact[]>;
  readonly dumps: Observed<DumpFacts>;
  readonly retention: Observed<RetentionFacts>;
  readonly drill: Observed<DrillFact | undefined>;
  readonly offsite: Observed<OffsiteFacts | undefined>;
}

export type Observed<T> = T | Unreadable;

export interface Unreadable {
  readonly unreadable: string;
}

export interface SnapshotFact {
  readonly id: string;
  readonly createdAt: Date;
  /** RDS's own word, such as `available`, `creating` or `failed`. */
  readonly status: string;
}

export interface DumpFacts {
  /** Dumps that the catalogue vouches for, newest first. */
  readonly listed: readonly DumpFact[];
  /** What lies in the vault and is not a backup, with the reason. */
  readonly rejected: readonly RejectedFact[];
}

export interface RejectedFact {
  readonly key: string;
  readonly reason: string;
  /** Of a run that died before it was a backup: nothing was lost by it. */
  readonly isLeftover: boolean;
}

export interface DumpFact {
  readonly id: string;
  readonly createdAt: Date;
  /** Of the archive, bytes. */
  readonly bytes: number;
}

export interface RetentionFacts {
  /** Backups that the policy keeps and that are gone. */
  readonly missing: readonly string[];
  /** Backups that the policy would have pruned by now. */
  readonly overdue: readonly string[];
}

export interface DrillFact {
  readonly id: string;
  readonly finishedAt: Date;
  readonly verdict: 'passed' | 'failed' | 'not-run';
  /** What a recovery would take at the live database's size, by what the drill measured; seconds. */
  readonly recoverySeconds: number;
}

export interface OffsiteFacts {
  readonly region: string;
  /** The newest copy in the other region; undefined when there is none. */
  readonly newestCopyAt: Date | undefined;
  readonly encrypted: boolean;
  readonly locked: boolean;
  readonly lockRequired: boolean;
}

export function isUnreadable<T extends object | undefined>(observed: Observed<T>): observed is Unreadable {
  return observed !== undefined && 'unreadable' in observed;
}
