import { asBackupId, backupPrefix, parseArchiveKey, parseManifestKey, type BackupId } from '../vault-layout';

/** An object of the vault that belongs to a backup, by its key. */
export interface BackupObject {
  readonly database: string;
  readonly backupId: BackupId;
  readonly role: 'manifest' | 'archive' | 'companion';
}

/**
 * What we write beside a manifest: records of verification, roles and settings, large fingerprints. A pattern of
 * names and not of extensions, for a note that somebody put there is not ours to delete.
 */
const COMPANION = /^(verification|globals|fingerprint)(-[A-Za-z0-9-]+)?\.(json|json\.gz|sql)$/;

/** Reads a key back; undefined for everything that is not ours, which nobody here may delete. */
export function parseBackupObjectKey(key: string): BackupObject | undefined {
  const manifest = parseManifestKey(key);
  if (manifest) return { ...manifest, role: 'manifest' };
  const archive = parseArchiveKey(key);
  if (archive) return { ...archive, role: 'archive' };

  const [, encodedDatabase = '', , , , id = '', name = ''] = key.split('/');
  const backupId = asBackupId(id);
  const database = decoded(encodedDatabase);
  if (!backupId || !database || !COMPANION.test(name)) return undefined;
  return key === `${backupPrefix(database, backupId)}${name}`
    ? { database, backupId, role: 'companion' }
    : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
