import type { RetentionPolicy } from './policy';

/** Dumps and snapshots are two ways back that fail apart, so neither stands in for the other. */
export type BackupKind = 'dump' | 'manual-snapshot';

/** What retention has to know of a backup. */
export interface RetentionBackup {
  /** A dump's backup id, which is unique to its database; a snapshot's identifier. */
  readonly id: string;
  readonly kind: BackupKind;
  /** RDS's immutable id of the instance: names are reused after a restore. */
  readonly dbiResourceId: string;
  /** Of a dump; a snapshot holds the whole instance. */
  readonly database?: string;
  /** By the service's own clock: S3's LastModified of the manifest, RDS's OriginalSnapshotCreateTime. */
  readonly createdAt: Date;
  /**
   * `unfinished`: being made. `failed`: the service says that it is no good. A dump with a sound manifest is
   * finished, any other is not a backup and is not listed.
   */
  readonly status: 'finished' | 'unfinished' | 'failed';
  /**
   * When it was last proven; undefined when it never was or when the last proof failed. A dump is proven by a
   * restore that matched its fingerprint; a snapshot only by a restore drill, for RDS checks none of its content.
   */
  readonly verifiedAt?: Date;
  readonly legalHold: boolean;
  /** Until when object lock protects it. */
  readonly lockedUntil?: Date;
  /** Whether we made it. What others made is theirs to remove. */
  readonly managed: boolean;
  /** Whether the instance that it was made of is gone, so that there will never be another one. */
  readonly instanceDeleted: boolean;
}

/** How the last run of a job ended. One whose end is not known is taken for failed. */
export type RunOutcome = 'succeeded' | 'failed' | 'unknown';

/** What a plan depends on besides the backups and the policy. */
export interface Circumstances {
  /** The services' present time, such as `serviceTime` gives: with a wrong clock everything looks old. */
  readonly now: Date;
  readonly lastRuns: Readonly<Record<BackupKind, RunOutcome>>;
}

/** Why a backup stays. */
export type KeepRule =
  /** Somebody else made it. It fills no period and no place of the floor, for they may remove it at any time. */
  | 'not-ours'
  | 'legal-hold'
  | 'object-lock'
  /** The last run of its kind failed: what is there may be all that there will be. */
  | 'last-run-failed'
  /** Dated in the future or not at all: a clock is wrong. It displaces no other. */
  | 'date-not-plausible'
  /** Being made, or failed: RDS deletes only what is available, and a person should see it. */
  | 'not-finished'
  /** Two of one identity that differ: deleting one would delete the other. */
  | 'ambiguous-identity'
  | 'newest-verified'
  | 'newest-finished'
  | 'last-of-deleted-instance'
  | 'keep-days'
  /** The newest one older than `keepDays`. */
  | 'beginning-of-keep-days'
  | 'keep-daily'
  | 'keep-weekly'
  | 'keep-monthly'
  | 'keep-yearly';

export interface KeepReason {
  readonly rule: KeepRule;
  /** For people, such as `last of 2026-11`. */
  readonly detail: string;
}

export interface KeptBackup {
  readonly backup: RetentionBackup;
  /** At least one. */
  readonly reasons: readonly KeepReason[];
}

export interface ExpiredBackup {
  readonly backup: RetentionBackup;
  /** For people. */
  readonly reason: string;
}

/** Both lists newest first. Every backup is in one of them, and one that was given twice is there once. */
export interface RetentionPlan {
  readonly now: Date;
  readonly policy: RetentionPolicy;
  readonly keep: readonly KeptBackup[];
  readonly prune: readonly ExpiredBackup[];
}
