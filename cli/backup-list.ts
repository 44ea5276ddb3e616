import Table from 'cli-table3';
import {
  checkedDump,
  findBackup,
  listBackups,
  newestBackup,
  type Backup,
  type BackupCatalogue,
  type CataloguedDump,
} from '../core/backup/catalogue';
import { isVerified, newestVerification } from '../core/backup/verify';
import { age, bytes, counted } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { UsageError } from './errors';

export interface BackupListOptions {
  /** Reads every manifest and looks at every archive, so that what is damaged is found. */
  readonly check?: boolean;
}

/** `golive backup list` */
export async function backupList(
  environment: Environment,
  output: Console,
  { check = false }: BackupListOptions,
  now: Date,
): Promise<void> {
  output.progress(check ? 'checking every backup' : 'reading the vault and RDS');
  const { s3, rds, operations } = environment;
  const catalogue = await listBackups({
    s3,
    rds,
    bucket: operations.vaultBucket,
    instanceIdentifier: operations.instanceIdentifier,
    depth: check ? 'checked' : 'listed',
    verificationOf: async ({ database, backupId }) => {
      const record = await newestVerification({ s3, bucket: operations.vaultBucket, database, backupId });
      return (
        record && { height: record.height, isVerified: isVerified(record), at: new Date(record.finishedAt) }
      );
    },
  });
  output.result(listedForPeople(catalogue, output, now), {
    environment: operations.environment,
    backups: catalogue.backups.map(backupAsJson),
    rejected: catalogue.rejected.map(({ key, reason, message }) => ({ key, reason, message })),
    unreadable: catalogue.unreadable,
  });
}

/** `golive backup show` */
export async function backupShow(
  environment: Environment,
  output: Console,
  id: string,
  now: Date,
): Promise<void> {
  const dump = await findDump(environment, output, id);
  const { manifest } = dump;
  const { source, archive, fingerprint } = manifest;
  const lines = [
    ['backup', dump.backupId],
    ['taken', `${dump.storedAt.toISOString()}, ${age(now.getTime() - dump.storedAt.getTime())}`],
    ['environment', manifest.environment],
    ['instance', `${source.instanceIdentifier} (${source.dbiResourceId})`],
    ['database', `${source.database}, ${bytes(source.sizeBytes)}, PostgreSQL ${source.serverVersion}`],
    ['archive', `${bytes(archive.bytes)}, ${archive.compression}, pg_dump ${archive.clientVersion}`],
    ['', archive.key],
    ['SHA-256', archive.sha256],
    [
      'fingerprint',
      'notTaken' in fingerprint
        ? `none: ${fingerprint.notTaken}`
        : `${counted(fingerprint.tables, 'table')}, ${fingerprint.tablesLeftOut} left out`,
    ],
    [
      '',
      'notTaken' in fingerprint ? 'a restore of it cannot be proven' : 'a restore of it is proven by this',
    ],
  ];
  const width = Math.max(...lines.map(([label = '']) => label.length));
  output.result(lines.map(([label = '', text = '']) => `${label.padEnd(width)}  ${text}`).join('\n'), {
    ...dumpAsJson(dump),
    manifest,
  });
}

/**
 * The one dump that an id, or its unmistakable beginning, names, or the newest; with its manifest read and its
 * archive looked at.
 *
 * @throws BackupNotFoundError, AmbiguousBackupError, CatalogueUnavailableError; UsageError when it is no dump
 */
export async function findDump(
  environment: Environment,
  output: Console,
  id: string,
): Promise<CataloguedDump> {
  output.progress('reading the vault and RDS');
  const { s3, rds, operations } = environment;
  const catalogue = await listBackups({
    s3,
    rds,
    bucket: operations.vaultBucket,
    instanceIdentifier: operations.instanceIdentifier,
  });
  const found = id === 'newest' ? newestBackup(catalogue, 'dump') : findBackup(catalogue, id);
  if (!found) {
    throw new UsageError('the vault holds no dump; golive backup list shows other ways back');
  }
  if (found.kind !== 'dump') {
    throw new UsageError(
      `${found.id} is a ${found.kind}, which RDS restores into a new instance: see docs/runbook.md#restoring`,
    );
  }
  return await checkedDump(s3, operations.vaultBucket, found);
}

function dumpAsJson({ backupId, database, storedAt, manifest, manifestKey }: CataloguedDump) {
  return {
    id: backupId,
    kind: 'dump',
    database,
    createdAt: storedAt.toISOString(),
    instanceIdentifier: manifest.source.instanceIdentifier,
    dbiResourceId: manifest.source.dbiResourceId,
    databaseBytes: manifest.source.sizeBytes,
    sizeBytes: manifest.archive.bytes,
    provable: 'key' in manifest.fingerprint,
    manifestKey,
  };
}

function backupAsJson(backup: Backup) {
  const { id, kind, dbiResourceId, instanceIdentifier, createdAt, sizeBytes, status, managed } = backup;
  return {
    id,
    kind,
    database: backup.kind === 'dump' ? backup.database : null,
    dbiResourceId: dbiResourceId ?? null,
    instanceIdentifier: instanceIdentifier ?? null,
    createdAt: createdAt?.toISOString() ?? null,
    sizeBytes: sizeBytes ?? null,
    status,
    managed,
    verified: backup.verified,
    ...(backup.kind === 'point-in-time' && {
      window: { earliest: backup.window.earliest ?? null, latest: backup.window.latest },
    }),
    ...(backup.kind === 'dump' && { checked: backup.checked, provable: provableOf(backup) ?? null }),
  };
}

/** Undefined when nobody has read the manifest. */
function provableOf(backup: Backup): boolean | undefined {
  return backup.kind === 'dump' && backup.checked ? 'key' in backup.dump.manifest.fingerprint : undefined;
}

function listedForPeople(
  { backups, rejected, unreadable }: BackupCatalogue,
  { colours }: Console,
  now: Date,
): string {
  const about = [
    ...rejected.map(({ key, message }) => `${colours.yellow('no backup')}  ${key}: ${message}`),
    ...unreadable.map(({ source, reason }) => `${colours.yellow('not listed')}  ${source}: ${reason}`),
  ];
  if (backups.length === 0) return [colours.red('there is no backup'), ...about].join('\n');
  const table = new Table({
    head: ['id', 'kind', 'age', 'of', 'size', 'state', 'proven up to'],
    colAligns: ['left', 'left', 'right', 'left', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const backup of backups) {
    const { id, kind, createdAt, sizeBytes } = backup;
    table.push([
      id,
      kind,
      createdAt ? age(now.getTime() - createdAt.getTime()) : 'just begun',
      backup.kind === 'dump' ? backup.database : (backup.instanceIdentifier ?? backup.dbiResourceId ?? ''),
      sizeBytes === undefined ? '' : bytes(sizeBytes),
      stateOf(backup, colours),
      provenOf(backup, colours),
    ]);
  }
  return [table.toString(), ...about].join('\n');
}

function provenOf({ verified }: Backup, colours: Console['colours']): string {
  if (typeof verified === 'string') return verified === 'none' ? '' : verified;
  return verified.isVerified ? colours.green(verified.height) : verified.height;
}

function stateOf(backup: Backup, colours: Console['colours']): string {
  if (backup.kind === 'point-in-time') {
    const { earliest } = backup.window;
    return earliest ? `any moment since ${earliest.toISOString()}` : 'RDS does not say since when';
  }
  if (backup.status !== 'finished') return colours.yellow(backup.status);
  const provable = provableOf(backup);
  if (provable === undefined) return backup.status;
  return provable ? 'whole, provable' : colours.yellow('whole, not provable');
}
