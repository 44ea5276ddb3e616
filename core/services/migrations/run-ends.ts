/** What the state machine of the migrations fails with when it ends by itself, for who hears of the end. */
export const RUN_ENDS = {
  /** The database was not migrated, and everybody has been told. */
  told: 'MigrationFailedError',
  /** The database was not migrated, and nobody could be told. The cause is the failure, as JSON. */
  failedUntold: 'MigrationFailedUntoldError',
  /** The database is migrated, and nobody could be told. */
  migratedUntold: 'MigratedUntoldError',
} as const;
