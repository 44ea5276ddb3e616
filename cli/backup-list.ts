import Table from 'cli-table3';
import { listDumps, type CataloguedDump, type RejectedDump } from '../core/backup/catalogue';
import { age, bytes, counted } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { UsageError } from './errors';

/** `golive backup list` */
export async function backupList(environment: Environment, output: Console, now: Date): Promise<void> {
  output.progress('reading the vault');
  const { s3, operations } = environment;
  const { dumps, rejected } = await listDumps({ s3, bucket: operations.vaultBucket });
  output.result(listedForPeople(dumps, rejected, output, now), {
    environment: operations.environment,
    backups: dumps.map(asJson),
    rejected: rejected.map(({ key, reason, message }) => ({ key, reason, message })),
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
    ...asJson(dump),
    manifest,
  });
}

/**
 * The one backup that an id, or its unmistakable beginning, names.
 *
 * @throws UsageError, CatalogueUnavailableError
 */
export async function findDump(
  environment: Environment,
  output: Console,
  id: string,
): Promise<CataloguedDump> {
  output.progress('reading the vault');
  const { s3, operations } = environment;
  const { dumps, rejected } = await listDumps({ s3, bucket: operations.vaultBucket });
  const found = id === 'newest' ? dumps.slice(0, 1) : dumps.filter(({ backupId }) => backupId.startsWith(id));
  const [only] = found;
  if (only && (found.length === 1 || only.backupId === id)) return only;
  if (found.length > 1) {
    throw new UsageError(
      `"${id}" is the beginning of ${found.length} backups, ${found
        .slice(0, 3)
        .map(({ backupId }) => backupId)
        .join(', ')} among them; write more of it`,
    );
  }
  const broken = rejected.find(({ backupId }) => backupId?.startsWith(id));
  throw new UsageError(
    broken
      ? `${broken.backupId} is no backup: ${broken.message}`
      : `there is no backup "${id}" among ${dumps.length}; golive backup list shows them`,
  );
}

export function asJson({ backupId, database, storedAt, manifest, manifestKey }: CataloguedDump) {
  return {
    id: backupId,
    kind: 'dump',
    database,
    storedAt: storedAt.toISOString(),
    instanceIdentifier: manifest.source.instanceIdentifier,
    dbiResourceId: manifest.source.dbiResourceId,
    databaseBytes: manifest.source.sizeBytes,
    archiveBytes: manifest.archive.bytes,
    provable: 'key' in manifest.fingerprint,
    manifestKey,
  };
}

function listedForPeople(
  dumps: readonly CataloguedDump[],
  rejected: readonly RejectedDump[],
  { colours }: Console,
  now: Date,
): string {
  const about = rejected.map(({ key, message }) => `${colours.yellow('no backup')}  ${key}: ${message}`);
  if (dumps.length === 0) return [colours.red('the vault holds no backup'), ...about].join('\n');
  const table = new Table({
    head: ['id', 'age', 'database', 'size', 'archive', 'provable'],
    colAligns: ['left', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const { backupId, storedAt, database, manifest } of dumps) {
    table.push([
      backupId,
      age(now.getTime() - storedAt.getTime()),
      database,
      bytes(manifest.source.sizeBytes),
      bytes(manifest.archive.bytes),
      'key' in manifest.fingerprint ? 'yes' : colours.yellow('no'),
    ]);
  }
  return [table.toString(), ...about].join('\n');
}
