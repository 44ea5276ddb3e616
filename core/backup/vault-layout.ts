/**
 * Where things lie in the vault bucket. Keys are UTC and sort by time, so that a listing is in order.
 *
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/archive-<attempt>.pgdump
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/fingerprint-<attempt>.json.gz
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/globals-<attempt>.sql
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/manifest.json    written last: it makes the backup exist
 */

/** A dump's id: the UTC instant it was scheduled for, `yyyymmddThhmmssZ`. The same instant is the same backup. */
export type BackupId = string & { readonly __brand: 'BackupId' };

const DUMPS = 'dumps/';
const MANIFEST = 'manifest.json';
const ARCHIVE = /^archive-[A-Za-z0-9-]+\.pgdump$/;
const BACKUP_ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Names a backup by the instant it was scheduled for. At-least-once delivery may bring the same instant
 * twice; both then mean the same backup.
 *
 * @throws RangeError when the date is not a valid instant
 */
export function backupIdAt(scheduledFor: Date): BackupId {
  return scheduledFor.toISOString().replace(/[-:]|\.\d{3}/g, '') as BackupId;
}

/** The inverse of {@link backupIdAt}; undefined when the text is not a backup id. */
export function instantOf(backupId: string): Date | undefined {
  const match = BACKUP_ID.exec(backupId);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const instant = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

export function asBackupId(text: string): BackupId | undefined {
  return instantOf(text) ? (text as BackupId) : undefined;
}

/** The prefix of everything that belongs to one database; with no database, of every dump. Ends in a slash. */
export function dumpsPrefix(database?: string): string {
  return database === undefined ? DUMPS : `${DUMPS}${encodeURIComponent(database)}/`;
}

/** The prefix of one backup. Ends in a slash. */
export function backupPrefix(database: string, backupId: BackupId): string {
  const day = `${backupId.slice(0, 4)}/${backupId.slice(4, 6)}/${backupId.slice(6, 8)}`;
  return `${dumpsPrefix(database)}${day}/${backupId}/`;
}

/**
 * Each attempt writes its own archive, so that a retry never overwrites bytes that a manifest vouches for.
 *
 * @param attempt letters, digits and hyphens, unique to the attempt
 */
export function archiveKey(database: string, backupId: BackupId, attempt: string): string {
  return `${backupPrefix(database, backupId)}archive-${attempt}.pgdump`;
}

export function fingerprintKey(database: string, backupId: BackupId, attempt: string): string {
  return `${backupPrefix(database, backupId)}fingerprint-${attempt}.json.gz`;
}

/** Roles, memberships and settings, as SQL. */
export function globalsKey(database: string, backupId: BackupId, attempt: string): string {
  return `${backupPrefix(database, backupId)}globals-${attempt}.sql`;
}

export function manifestKey(database: string, backupId: BackupId): string {
  return `${backupPrefix(database, backupId)}${MANIFEST}`;
}

/** Reads a manifest's key back; undefined for every other object of the vault. */
export function parseManifestKey(key: string): { database: string; backupId: BackupId } | undefined {
  const owner = ownerOf(key);
  return owner && manifestKey(owner.database, owner.backupId) === key ? owner : undefined;
}

/** Reads an archive's key back, whichever attempt wrote it; undefined for every other object of the vault. */
export function parseArchiveKey(key: string): { database: string; backupId: BackupId } | undefined {
  const owner = ownerOf(key);
  const prefix = owner && backupPrefix(owner.database, owner.backupId);
  return prefix && key.startsWith(prefix) && ARCHIVE.test(key.slice(prefix.length)) ? owner : undefined;
}

/** The backup that a key claims to belong to, by its parts; whether its prefix is right is not looked at. */
function ownerOf(key: string): { database: string; backupId: BackupId } | undefined {
  if (!key.startsWith(DUMPS)) return undefined;
  const [database, , , , id, ...rest] = key.slice(DUMPS.length).split('/');
  const backupId = id === undefined ? undefined : asBackupId(id);
  if (!database || !backupId || rest.length !== 1) return undefined;
  try {
    return { database: decodeURIComponent(database), backupId };
  } catch {
    // Not percent-encoding, so nothing that we wrote.
    return undefined;
  }
}
