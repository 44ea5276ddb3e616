import type { EnvironmentConfig } from '../config';

/** A month and a year at their longest, days. */
const MONTH = 31;
const YEAR = 366;

/**
 * How old a backup may be that is restored, days: it brings back the ciphertexts of its day, so for so long no data
 * key is dropped. The newest backups that are kept whatever their age are no part of it: they age only while no new
 * one is made, which is an alarm.
 */
export function oldestBackupDays({ database, backup, disasterRecovery }: EnvironmentConfig): number {
  const policies = [backup.retention.policy, ...(disasterRecovery ? [disasterRecovery.dumps.retention] : [])];
  const dumps = policies.flatMap(({ keepDays, keepDaily, keepWeekly, keepMonthly, keepYearly }) => [
    keepDays,
    keepDaily,
    keepWeekly * 7,
    keepMonthly * MONTH,
    keepYearly * YEAR,
  ]);
  return Math.max(
    database.backupRetentionDays,
    backup.snapshot.retentionDays,
    disasterRecovery?.snapshots.retentionDays ?? 0,
    // What was pruned can be brought back for a while.
    Math.max(...dumps) + backup.noncurrentVersionDays,
  );
}
