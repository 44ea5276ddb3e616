import { GoLiveError } from '../../shared/errors';
import type { Backup, BackupCatalogue } from './backups';
import { BackupNotFoundError } from './errors';

/** What was asked for fits several backups. */
export class AmbiguousBackupError extends GoLiveError {
  readonly code = 'AmbiguousBackupError';
}

export type BackupKindName = Backup['kind'];
type OfKind<K extends BackupKindName> = Extract<Backup, { kind: K }>;

/** As many candidates as one can take in at a glance. */
const SHOWN = 5;

/**
 * The backup that a person means by an id, or by a beginning of one that no other has. `<database>/<id>` tells
 * apart the dumps of databases that were dumped at the same instant.
 *
 * @throws BackupNotFoundError, AmbiguousBackupError; both name candidates
 */
export function findBackup(catalogue: BackupCatalogue, text: string): Backup {
  const wanted = text.trim();
  const { backups } = catalogue;
  const exact = backups.filter((backup) => namesOf(backup).includes(wanted));
  const fitting =
    exact.length > 0
      ? exact
      : backups.filter((backup) => namesOf(backup).some((name) => name.startsWith(wanted)));
  const [only, ...others] = fitting;
  if (only && others.length === 0) return only;

  if (only) {
    throw new AmbiguousBackupError(
      `${JSON.stringify(wanted)} fits ${fitting.length} backups: ${shown(fitting)}; give the whole name of one`,
    );
  }
  const near = backups.length > 0 ? `; the newest are ${shown(backups)}` : '';
  const missing = catalogue.unreadable.map(({ source, reason }) => `${source} (${reason})`);
  const advice =
    missing.length > 0
      ? `not everything could be read: first see to ${missing.join(' and ')}`
      : backups.length > 0
        ? 'list the backups and give one of their ids, or another database or Region if it is none of them'
        : 'run a dump, or look in the DR region';
  throw new BackupNotFoundError(`no backup is called ${JSON.stringify(wanted)}${near}; ${advice}`);
}

/** The newest that is finished, of one kind or of all; undefined when there is none. */
export function newestBackup<K extends BackupKindName = BackupKindName>(
  { backups }: BackupCatalogue,
  kind?: K,
): OfKind<K> | undefined {
  return backups.find(
    (backup): backup is OfKind<K> => isUsable(backup) && (kind === undefined || backup.kind === kind),
  );
}

/** The newest that was verified; undefined when none was, or nothing looked it up. */
export function newestVerified({ backups }: BackupCatalogue): Backup | undefined {
  return backups.find(
    (backup) => isUsable(backup) && typeof backup.verified === 'object' && backup.verified.isVerified,
  );
}

/**
 * The backup that gives back the newest state from before an instant, such as that of a mistaken DELETE. A
 * point-in-time entry gives back the very instant when it lies inside its window, and the window's end when it lies
 * after it.
 *
 * @throws RangeError when the instant is no valid one
 */
export function newestBefore({ backups }: BackupCatalogue, instant: Date): Backup | undefined {
  const time = instant.getTime();
  if (Number.isNaN(time)) throw new RangeError('the instant is not a valid date; give it as UTC ISO 8601');
  let newest: { backup: Backup; state: number } | undefined;
  for (const backup of backups) {
    const state = stateBefore(backup, time);
    if (state !== undefined && (!newest || state > newest.state)) newest = { backup, state };
  }
  return newest?.backup;
}

/** Of when the state is that it gives back; undefined when it can give back none from before. */
function stateBefore(backup: Backup, time: number): number | undefined {
  if (!isUsable(backup)) return undefined;
  if (backup.kind === 'point-in-time') {
    const { earliest, latest } = backup.window;
    if (latest.getTime() < time) return latest.getTime();
    return earliest && earliest.getTime() <= time ? time : undefined;
  }
  const created = backup.createdAt?.getTime();
  return created !== undefined && created < time ? created : undefined;
}

function isUsable({ status, createdAt }: Backup): boolean {
  return status === 'finished' && createdAt !== undefined;
}

/** What a person may call it by; the last is unmistakable. */
function namesOf(backup: Backup): [string, ...string[]] {
  return backup.kind === 'dump' ? [backup.id, `${backup.database}/${backup.id}`] : [backup.id];
}

function shown(backups: readonly Backup[]): string {
  const names = backups
    .slice(0, SHOWN)
    .map(
      (backup) =>
        `${namesOf(backup).at(-1)} (${backup.kind}, ${backup.createdAt?.toISOString() ?? 'just begun'})`,
    );
  const more = backups.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
