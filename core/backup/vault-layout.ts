/**
 * Where things lie in the vault bucket. Keys are UTC and sort by time, so that a listing is in order.
 *
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/archive-<attempt>.pgdump, or .tar by the archive's format
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/fingerprint-<attempt>.json.gz
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/globals-<attempt>.sql
 *     dumps/<database>/<yyyy>/<mm>/<dd>/<backupId>/manifest.json    written last: it makes the backup exist
 *     status/health.json                                            the monitor's last report
 */

/** A dump's id: the UTC instant it was scheduled for, `yyyymmddThhmmssZ`. The same instant is the same backup. */
export type BackupId = string & { readonly __brand: 'BackupId' };

export interface BackupOwner {
  readonly database: string;
  readonly backupId: BackupId;
}

/** An object of the vault that belongs to a backup, by its key. */
export interface BackupObject extends BackupOwner {
  readonly role: 'manifest' | 'archive' | 'companion';
}

const DUMPS = 'dumps/';
const MANIFEST = 'manifest.json';
/** The monitor's last report. */
export const HEALTH_KEY = 'status/health.json';
/** By the manifest's name of the archive's format. */
const EXTENSIONS = { custom: 'pgdump', 'directory-tar': 'tar' } as const;
const ARCHIVE = /^archive-[A-Za-z0-9-]+\.(pgdump|tar)$/;
/**
 * What we write beside a manifest: records of verification, roles and settings, large fingerprints. A pattern of
 * names and not of extensions, for a note that somebody put there is not ours to delete.
 */
const COMPANION = /^(verification|globals|fingerprint)(-[A-Za-z0-9-]+)?\.(json|json\.gz|sql)$/;
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
export function archiveKey(
  database: string,
  backupId: BackupId,
  attempt: string,
  format: keyof typeof EXTENSIONS = 'custom',
): string {
  return `${backupPrefix(database, backupId)}archive-${attempt}.${EXTENSIONS[format]}`;
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
export function parseManifestKey(key: string): BackupOwner | undefined {
  return key.endsWith(`/${MANIFEST}`) ? ownerOf(key)?.owner : undefined;
}

/** Reads an archive's key back, whichever attempt wrote it; undefined for every other object of the vault. */
export function parseArchiveKey(key: string): BackupOwner | undefined {
  const object = parseBackupObjectKey(key);
  return object?.role === 'archive' ? { database: object.database, backupId: object.backupId } : undefined;
}

/** Reads a key back; undefined for everything that is not ours, which nobody here may delete. */
export function parseBackupObjectKey(key: string): BackupObject | undefined {
  const { owner, name } = ownerOf(key) ?? {};
  const role = name === undefined ? undefined : roleOf(name);
  return owner && role && { ...owner, role };
}

function roleOf(name: string): BackupObject['role'] | undefined {
  if (name === MANIFEST) return 'manifest';
  if (ARCHIVE.test(name)) return 'archive';
  return COMPANION.test(name) ? 'companion' : undefined;
}

/** The backup under whose prefix a key lies, and what follows the prefix. */
function ownerOf(key: string): { owner: BackupOwner; name: string } | undefined {
  if (!key.startsWith(DUMPS)) return undefined;
  const [encoded, , , , id, name, ...deeper] = key.slice(DUMPS.length).split('/');
  const backupId = id === undefined ? undefined : asBackupId(id);
  if (!encoded || !backupId || !name || deeper.length > 0) return undefined;
  const database = decoded(encoded);
  if (database === undefined || key !== `${backupPrefix(database, backupId)}${name}`) return undefined;
  return { owner: { database, backupId }, name };
}

/** Undefined for what is not percent-encoding, so nothing that we wrote. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
