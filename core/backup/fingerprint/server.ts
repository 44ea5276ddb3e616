import type { SnapshotSession } from './session';
import type { DatabaseFingerprint } from './types';

/** Change what stored data means, or how the application's statements are read. Compared. */
export const SETTINGS_OF_MEANING = [
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'bytea_output',
  'default_text_search_config',
  'lc_messages',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'standard_conforming_strings',
] as const;

/** Say how large a server the database ran on, and so what a restore needs. Recorded, not compared. */
const SETTINGS_OF_CAPACITY = [
  'block_size',
  'data_checksums',
  'max_connections',
  'max_locks_per_transaction',
  'max_prepared_transactions',
  'server_encoding',
  'shared_buffers',
  'wal_level',
] as const;

/** @throws the errors of `errors.ts` */
export async function describeServer(
  session: SnapshotSession,
): Promise<Pick<DatabaseFingerprint, 'server' | 'database' | 'databaseSizeBytes' | 'walPosition'>> {
  const [row] = await session.rows<ServerRow>('the server', DESCRIBE, [
    [...SETTINGS_OF_MEANING, ...SETTINGS_OF_CAPACITY],
  ]);
  const { version, versionNumber, settings, sizeBytes, walPosition, ...database } = row!;
  return {
    server: { version, versionNumber, settings },
    database,
    databaseSizeBytes: Number(sizeBytes),
    walPosition,
  };
}

type ServerRow = DatabaseFingerprint['database'] & {
  version: string;
  versionNumber: number;
  settings: Record<string, string>;
  sizeBytes: string;
  walPosition: string;
};

/**
 * `reset_val` is what a new session of the application gets; the current values are those we pinned.
 * Columns that not every version has are read through JSON.
 */
const DESCRIBE = `
  SELECT pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS "versionNumber",
    (SELECT pg_catalog.json_object_agg(s.name, s.reset_val ORDER BY s.name)
      FROM pg_catalog.pg_settings s WHERE s.name = ANY ($1)) AS settings,
    d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
    pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
    d.datcollate AS collate, d.datctype AS ctype, d.datlocprovider::text AS "localeProvider",
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale,
    d.datcollversion AS "collationVersion",
    pg_catalog.pg_database_size(d.oid)::text AS "sizeBytes",
    (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
      ELSE pg_catalog.pg_current_wal_lsn() END)::text AS "walPosition"
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`;
