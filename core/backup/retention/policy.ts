import * as z from 'zod';

const Count = z.int().min(0);

/**
 * What is kept; a backup that any rule keeps stays. The words mean what restic's users know them to mean:
 * calendar periods in UTC (weeks begin on Monday), the last backup of each, and only periods that have one count.
 * https://restic.readthedocs.io/en/stable/060_forget.html#removing-snapshots-according-to-a-policy
 */
export const RetentionPolicy = z.strictObject({
  /**
   * Everything younger than this many days, and the newest older one: what the database was like at the
   * window's beginning is known only from a backup before it. pgBackRest's `retention-full-type=time` does the same.
   * https://pgbackrest.org/user-guide.html#retention/full
   */
  keepDays: Count.default(30),
  /** One for each of the last this many days that have a backup. */
  keepDaily: Count.default(0),
  keepWeekly: Count.default(0),
  keepMonthly: Count.default(0),
  keepYearly: Count.default(0),
  /**
   * The floor: of each database's backups of one kind the newest this many that are verified, and as many of
   * the newest finished ones, whatever their age. So it holds while nothing is verified yet, too.
   */
  keepNewestVerified: z.int().min(1).default(3),
});

/** A complete policy. */
export type RetentionPolicy = z.output<typeof RetentionPolicy>;

/** A policy as somebody writes it: what is left out has its default. */
export type RetentionPolicyInput = z.input<typeof RetentionPolicy>;
