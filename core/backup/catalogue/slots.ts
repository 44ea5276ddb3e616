import { parseBackupObjectKey, type BackupId } from '../vault-layout';
import type { Candidate } from './check-dump';
import type { RejectedDump, RejectionReason } from './rejection';
import type { VaultObject } from './vault-object';

/** What lies in the vault for one backup, a manifest or none. */
export type Slot = Omit<Candidate, 'manifest'> & {
  manifest?: VaultObject;
  archives: Map<string, VaultObject>;
};

/** Brings together what belongs to one backup, and keeps apart what belongs to none. */
export class Slots {
  readonly foreign: RejectedDump[] = [];
  private readonly byBackup = new Map<string, Slot>();

  take(object: VaultObject): void {
    const owner = parseBackupObjectKey(object.key);
    if (!owner) {
      this.foreign.push(rejection(object, 'foreign-object'));
      return;
    }
    const { database, backupId, role } = owner;
    const name = `${backupId} ${database}`;
    const slot: Slot = this.byBackup.get(name) ?? { database, backupId, archives: new Map() };
    this.byBackup.set(name, slot);
    if (role === 'manifest') slot.manifest = object;
    if (role === 'archive') slot.archives.set(object.key, object);
  }

  values(): IterableIterator<Slot> {
    return this.byBackup.values();
  }
}

const ABOUT_LISTED: Partial<Record<RejectionReason, string>> = {
  'foreign-object': 'it is nothing that GoLive writes; look who put it there',
  'manifest-missing':
    'no manifest lies beside it, so the dump did not end or is about to; if it is still so in an hour, see the dump function’s log',
  'archive-missing': 'no archive with anything in it lies beside it; look for a deleted version of one',
  'archive-not-named':
    'the manifest beside it names another archive, so an attempt that failed left it; retention removes it with its backup',
};

export function rejection(
  object: VaultObject,
  reason: RejectionReason,
  of?: { database: string; backupId: BackupId },
): RejectedDump {
  return {
    ...object,
    reason,
    message: ABOUT_LISTED[reason] ?? reason,
    ...(of && { database: of.database, backupId: of.backupId }),
  };
}
