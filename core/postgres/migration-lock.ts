/**
 * The advisory lock that a migration holds and a dump shares, as the two arguments of `pg_advisory_lock`: two
 * dumps go side by side, and a migration waits for the dump or the dump for it. Without it a migration's table
 * locks queue behind the dump's, and all of the product behind the migration.
 */
export const MIGRATION_LOCK = { classId: 0x601d, objectId: 1 } as const;
